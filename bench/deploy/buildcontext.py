"""The folder that our own images are built from: the checkout, or what an installed harness has of one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.catalogue.home import PACKAGE
from bench.catalogue.versions import COMPOSE_FILE, Checkout

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "share")


@contextmanager
def build_context(checkout: Checkout) -> Iterator[Path]:
    """The compose file to build by while the block lasts, with everything beside it that images copy."""
    if (checkout.root / PACKAGE.name).is_dir():
        yield checkout.compose_file
        return
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-context-") as scratch:
        folder = Path(scratch, "context")
        shutil.copytree(checkout.root, folder, ignore=_NOT_COPIED)
        shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=_NOT_COPIED)
        yield folder / COMPOSE_FILE
