"""`wsgi-bench init`: what was found, written where `run` and `try` read it, each setting with the reason."""

from __future__ import annotations

import json
import os
import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.configfile import CONFIG_FILE, PYPROJECT, TABLE
from bench.catalogue.localproject import read_toml
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
        UsageError: it has settings already, can't be read, or can't be written.
    """
    pyproject, own = folder / PYPROJECT, folder / CONFIG_FILE
    if own.exists():
        raise UsageError(f"{own} is there already. Edit it, or remove it and write it anew.")
    if pyproject.is_file() and TABLE in read_toml(pyproject).get("tool", {}):
        raise UsageError(f"{pyproject} has [tool.{TABLE}] already. Edit it, or remove it and write it anew.")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} can't be written to. `wsgi-bench try --out DIR` needs no settings in it.")
    return pyproject if pyproject.is_file() and _takes_a_table(pyproject) else own


def _takes_a_table(pyproject: Path) -> bool:
    """Whether one can be added at its end: an inline table of tools, `tool = {...}`, is closed."""
    try:
        tomllib.loads(f"{pyproject.read_text(encoding='utf-8')}\n[tool.{TABLE}]\n")
    except tomllib.TOMLDecodeError:
        return False
    return True


def write(path: Path, chosen: Iterable[Chosen]) -> None:
    """Write `bench.toml`, or add the table to the end of `pyproject.toml`."""
    lines = [line for setting in chosen for line in _lines(setting)]
    if path.name == PYPROJECT:
        # As it is: its line ends, too, whatever they are.
        before = path.read_bytes().decode()
        lines = [before + ("" if before.endswith("\n") else "\n"), f"[tool.{TABLE}]", *lines]
    replace_file(path, ["\n".join(lines) + "\n"])


def _lines(setting: Chosen) -> Iterable[str]:
    yield from textwrap.wrap(f"{setting.why}.", _WIDTH, initial_indent="# ", subsequent_indent="# ")
    # JSON's strings, numbers and lists are TOML's, too.
    yield f"{setting.name} = {json.dumps(setting.value, ensure_ascii=False)}"
