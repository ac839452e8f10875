"""`wsgi-bench init`: what was found, written where `run` and `try` read it, each setting with the reason."""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.configfile import CONFIG_FILE, PYPROJECT, TABLE
from bench.model.errors import UsageError
from bench.store import replace_file

_WIDTH = 100


@dataclass(frozen=True)
class Chosen:
    """A setting for the file.

    Attributes:
        value: text, a number, or a list of texts.
        why: a sentence without its full stop.
    """

    name: str
    value: Any
    why: str


def place(folder: Path) -> Path:
    """The file that settings are written to: the project's `pyproject.toml`, or else `bench.toml`.

    Raises:
        UsageError: it has settings already, or can't be read.
    """
    pyproject, own = folder / PYPROJECT, folder / CONFIG_FILE
    if own.exists():
        raise UsageError(f"{own} is there already. Edit it, or remove it and write it anew.")
    if not pyproject.is_file():
        return own
    try:
        tool = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"{pyproject} can't be read: {error}. Correct it, and write its settings then."
        ) from None
    if TABLE in tool:
        raise UsageError(f"{pyproject} has [tool.{TABLE}] already. Edit it, or remove it and write it anew.")
    return pyproject


def write(path: Path, chosen: Iterable[Chosen]) -> None:
    """Write `bench.toml`, or add the table to the end of `pyproject.toml`."""
    lines = [line for setting in chosen for line in _lines(setting)]
    if path.name == PYPROJECT:
        before = path.read_text(encoding="utf-8").rstrip("\n")
        lines = [before, "", f"[tool.{TABLE}]", *lines]
    replace_file(path, ["\n".join(lines) + "\n"])


def _lines(setting: Chosen) -> Iterable[str]:
    yield from textwrap.wrap(f"{setting.why}.", _WIDTH, initial_indent="# ", subsequent_indent="# ")
    # JSON's strings, numbers and lists are TOML's, too.
    yield f"{setting.name} = {json.dumps(setting.value, ensure_ascii=False)}"
