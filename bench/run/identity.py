"""What a run measures beside its plan: saved with it, and compared when it is resumed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.catalogue.application import INHERITED, locate, search_path
from bench.catalogue.locate import digest
from bench.catalogue.registry import variables_used
from bench.catalogue.versions import Checkouts
from bench.model import Environment, Measured, Plan
from bench.model.errors import UsageError
from bench.model.variant import THIS_CHECKOUT

# What servers are made of, beside the application.
_FOLDERS = ("apps", "servers")
_SOURCES = frozenset(
    (".cfg", ".conf", ".css", ".html", ".ini", ".js", ".json", ".py", ".sh", ".toml", ".txt", ".yml", "")
)
_NONE = "none"


def identify(plan: Plan, checkouts: Checkouts, environment: Mapping[str, str]) -> Measured:
    """What these checkouts and this environment would measure now.

    Args:
        environment: of the harness.
    """
    own = checkouts[THIS_CHECKOUT]
    root = own.root
    interpreter = _inside(root, sys.executable)
    if plan.runtime == "external":
        return Measured(interpreter)
    callables = dict.fromkeys(deployment.app.callable for deployment in plan.deployments)
    found = locate(callables, root, environment)
    sources = {target: one.source for target, one in found.items()}
    sources |= {f"{folder}/": _folder(root / folder) for folder in _FOLDERS}
    for variant in {d.variant for d in plan.deployments if d.variant.source != THIS_CHECKOUT}:
        other = checkouts[variant.source].root
        sources |= {f"{name}/ of the {variant.kind.name} version": _folder(other / name) for name in _FOLDERS}
    # Containers get nothing of this environment.
    local = plan.runtime == "local"
    return Measured(
        interpreter=interpreter,
        search=search_path(environment) if local else (),
        variables=tuple(name for name in INHERITED if local and name in environment and name != "PYTHONPATH"),
        compose=variables_used(own.compose_file, environment),
        paths={target: one.path for target, one in found.items()},
        sources=sources,
    )


KNOWN_ONCE_STARTED = frozenset({"base image", "python (containers)", "redis-server"})
"""Versions that a runtime tells only once its containers or its store have been started."""


def require_same(directory: Path, before: Environment, now: Environment) -> None:
    """See that what was measured is what would be measured now.

    Raises:
        UsageError: it isn't; names every difference.
    """
    found = list(differences(before, now))
    if found:
        raise UsageError(
            f"{directory} can't be continued: it measured something else than would be measured now. "
            + "; ".join(found)
            + ". Go back to what it measured, or start a new run."
        )


def differences(before: Environment, now: Environment) -> Iterator[str]:
    """What differs, each as "NAME: OLD -> NEW"; of what the older one doesn't know, nothing is said."""
    yield from _changed("CPU", before.cpu_model, now.cpu_model)
    yield from _changed("Python", before.python, now.python)
    if before.docker is not None:
        yield from _changed("Docker", before.docker, now.docker or _NONE)
    for name, version in before.versions.items():
        if name in now.versions or name not in KNOWN_ONCE_STARTED:
            yield from _changed(name, version, now.versions.get(name, _NONE))
    if before.measured is None or now.measured is None:
        return
    old, new = before.measured, now.measured
    yield from _changed("interpreter", old.interpreter, new.interpreter)
    yield from _changed("PYTHONPATH", _listed(old.search, os.pathsep), _listed(new.search, os.pathsep))
    yield from _changed("environment variables", _listed(old.variables), _listed(new.variables))
    for what, ours, theirs in (
        ("", old.compose, new.compose),
        ("file of ", old.paths, new.paths),
        ("source of ", old.sources, new.sources),
    ):
        for name in dict.fromkeys((*ours, *theirs)):
            yield from _changed(what + name, ours.get(name) or _NONE, theirs.get(name) or _NONE)


def _changed(name: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{name}: {old} -> {new}"


def _listed(items: tuple[str, ...], separator: str = ", ") -> str:
    return separator.join(items) or _NONE


def _folder(folder: Path) -> str:
    """A hash of what servers run of a folder of the checkout."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix in _SOURCES)
    return digest(folder, sorted(file for file in files if "__pycache__" not in file.parts))


def _inside(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if Path(path).is_relative_to(root) else path
