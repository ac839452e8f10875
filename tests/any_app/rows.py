"""The table of docs/any-app.md, and its rows as they are carried out."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.installed import ROOT, run, shell, shell_with_engine, uv
from tests.required import lacks

PAGE = ROOT / "docs/any-app.md"
PROJECTS = ROOT / "tests/projects"
RESULTS = "wsgi-bench-results"


@dataclass(frozen=True)
class Row:
    """An application of the table.

    Attributes:
        project: its folder in tests/projects/; empty for one of the package index.
        packages: what its environment has.
        first: what is done before it is measured; empty for nothing.
        then: what measures it.
    """

    name: str
    project: str
    packages: tuple[str, ...]
    first: str
    then: str


def rows() -> tuple[Row, ...]:
    """What the page has."""
    table = PAGE.read_text().partition("<!-- applications:begin -->")[2].partition("<!-- applications:end")[0]
    read = []
    for line in table.strip().splitlines()[2:]:
        name, packages, first, then = (cell.strip() for cell in line.strip("|").split(" | "))
        linked = re.search(r"tests/projects/(\w+)", name)
        words = [cell.strip("`\N{EN DASH}") for cell in (packages, first, then)]
        read.append(
            Row(re.split(r"[:,]", name)[0].strip(), linked[1] if linked else "", tuple(words[0].split()),
                words[1], words[2])
        )  # fmt: skip
    return tuple(read)


def made(row: Row, folder: Path) -> Path:
    """Its project, with an environment of its own, in a folder that has nothing else."""
    root = folder / (row.project or row.name.lower())
    if row.project:
        shutil.copytree(PROJECTS / row.project, root, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        root.mkdir()
    uv("venv", "--python", sys.executable, cwd=root)
    packages = ("-r", "requirements.txt") if row.project else row.packages
    try:
        uv("pip", "install", "--python", ".venv/bin/python", *packages, cwd=root)
    except AssertionError as failure:
        if re.search("Failed to fetch|error sending request|dns error", str(failure)):
            lacks(f"The package index can't be reached: {failure}")
        raise
    if row.first:
        activated = shell(PATH=f"{root / '.venv/bin'}:{shell()['PATH']}", PYTHONWARNINGS="ignore")
        run(*shlex.split(row.first), cwd=root, environment=activated)
    return root


def measured(
    row: Row, root: Path, command: Path, servers: Sequence[str], runtime: str = "local"
) -> dict[str, Any]:
    """The result of the row's last command, in the least time; at a slow page's own rate trials last."""
    words = shlex.split(row.then)
    assert words[0] == "wsgi-bench"
    least = ("--profile", "smoke", "--blocks", "1", "--rate", "40")
    where = ("--servers", ",".join(servers), "--runtime", runtime)
    environment = shell_with_engine() if runtime == "compose" else shell()
    run(command, *words[1:], *least, *where, cwd=root, environment=environment)
    [result] = (root / RESULTS).glob("*/result.json")
    document: dict[str, Any] = json.loads(result.read_text())
    return document


def hashes(root: Path) -> dict[str, str]:
    """What is in its folder, environment and databases included, but for results."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != RESULTS
    }
