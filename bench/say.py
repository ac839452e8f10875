"""How a message is laid out: lines of words for a person, one line for a program."""

from __future__ import annotations

import shutil
from textwrap import fill
from typing import TextIO

_WIDTH = 80


def say(text: str, stream: TextIO) -> None:
    """Print a message; on a terminal words, paths and commands stay whole at the end of a line."""
    if stream.isatty():
        width = max(20, min(_WIDTH, shutil.get_terminal_size().columns))
        text = "\n".join(
            fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
            for line in text.splitlines()
        )
    print(text, file=stream)
