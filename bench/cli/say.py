"""How a message is laid out: lines of words for a person, one line for a program."""

from __future__ import annotations

import shutil
from textwrap import fill
from typing import TextIO

_WIDTH = 80
_LEAST = 20


def columns(stream: TextIO) -> int:
    """How wide a text may be: as wide as its terminal, but not wider than it is read well."""
    return max(_LEAST, min(_WIDTH, shutil.get_terminal_size().columns)) if stream.isatty() else _WIDTH


def say(text: str, stream: TextIO) -> None:
    """Print a message; on a terminal words, paths and commands stay whole at the end of a line."""
    if stream.isatty():
        width = columns(stream)
        text = "\n".join(
            fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
            for line in text.splitlines()
        )
    print(text, file=stream)
