"""A first look at a project in a folder, and what is said of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.model.preflight import Preflight
from bench.model.project import Project
from bench.model.scenario import AskedRequest, AskedScenario
from bench.preflight import preflight
from bench.preflight.refusals import notes, refusals

ROOT = Path(__file__).parents[2]
PROJECTS = ROOT / "tests" / "projects"
# Enough for a process to start on a busy machine; what comes to no end takes as long.
LIMIT_S = 10.0


@dataclass(frozen=True)
class Looked:
    """What was seen, and said."""

    seen: Preflight
    refusals: tuple[str, ...]
    notes: tuple[str, ...]


def environment() -> dict[str, str]:
    """This process's, without what is pytest's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def request(spec: str) -> AskedRequest:
    """Of "GET / 200" or "/"."""
    words = spec.split()
    method = words.pop(0) if not words[0].startswith("/") else "GET"
    return AskedRequest(spec, words[0], method, status=int(words[1]) if len(words) > 1 else None)


def scenario(*specs: str) -> AskedScenario:
    return AskedScenario("own", tuple(map(request, specs or ("/",))))


def look(
    root: Path,
    callable_name: str,
    asked: AskedScenario | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    python: str = sys.executable,
    limit_s: float = LIMIT_S,
    timeout_s: float = LIMIT_S,
) -> Looked:
    """Look at an application, and ask it for its front page where nothing else is said."""
    asked = asked or scenario()
    project = Project(root=str(root), python=python, callable=callable_name)
    seen = preflight(
        project, asked, {**environment(), **(variables or {})}, limit_s=limit_s, timeout_s=timeout_s
    )
    return Looked(seen, refusals(seen, asked), notes(seen, asked))


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
