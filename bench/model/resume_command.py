"""The command that continues a run that was broken off, as it works from wherever it is typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path


def resume_command(directory: Path | str, options: Iterable[str] = (), variables: Iterable[str] = ()) -> str:
    """The whole command line.

    Args:
        directory: of the result; a relative one is told from the current folder.
        options: those that name again what stands in no file of the checkout.
        variables: what a shell has to set before the command, each as `NAME=VALUE`, quoted already.
    """
    words = ["wsgi-bench", "resume", str(Path(directory).absolute()), *options]
    return " ".join([*variables, shlex.join(words)])
