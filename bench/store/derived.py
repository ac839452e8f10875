"""What was derived from a result, kept beside it until the result changes.

A list of a thousand runs can't read a thousand times all trials. `outline.json` holds what such a list needs
and the digest of the files that it was derived from; whatever doesn't fit is derived anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bench.model.errors import MachineError, ResultError
from bench.model.jsonable import dump, parse
from bench.model.ranges import MOST_LOG_BYTES
from bench.store.files import replace
from bench.store.reader import JOURNAL, LATENCY_LOG, RESULT
from bench.store.strict import parse_json, read_bytes, read_text

T = TypeVar("T")

DERIVED = "outline.json"

# To be raised when what is kept changes its meaning.
_FORM = 6


def derived(directory: Path, kind: type[T], derive: Callable[[Path], T]) -> T:
    """What `derive` makes of a result directory, or made of the same files before.

    It is kept where the directory can be written. A write that is cut off leaves no JSON to believe.

    Args:
        kind: a dataclass of plain values, as those of `bench.model`.
    """
    digest = _digest(directory)
    with suppress(OSError, ResultError, ValueError, KeyError, TypeError):
        kept = parse_json(read_text(directory / DERIVED))
        if kept["derived_from"] == digest:
            return parse(kind, kept["outline"], "outline")
    made = derive(directory)
    text = json.dumps({"derived_from": digest, "outline": dump(made)}, allow_nan=False)
    # Not into what stands there: that may be a link to another file.
    with suppress(MachineError):
        replace(directory / DERIVED, [text])
    return made


def _digest(directory: Path) -> str:
    digest = hashlib.sha256(f"{_FORM}\n".encode())
    for name in (RESULT, JOURNAL):
        with suppress(OSError, ResultError):
            contents = read_bytes(directory / name, MOST_LOG_BYTES)
            digest.update(f"{name} {len(contents)}\n".encode() + contents)
    # The log is the larger half, and only ever grows with the result: its size tells a torn or missing one.
    with suppress(OSError):
        digest.update(f"{LATENCY_LOG} {(directory / LATENCY_LOG).stat().st_size}\n".encode())
    return digest.hexdigest()
