"""What a run measures beside its plan: saved with it, and compared when it is resumed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.catalogue.application import INHERITED, locate, search_path
from bench.catalogue.home import PACKAGE
from bench.catalogue.locate import digest, project_digest
from bench.catalogue.registry import variables_used
from bench.catalogue.versions import COMPOSE_FILE, Checkouts
from bench.deploy import Runtime
from bench.model import Environment, MeasuredCode, Plan
from bench.model.errors import UsageError
from bench.model.variant import THIS_CHECKOUT

# What servers are made of, beside the application.
_FOLDERS = ("apps", "servers")
_SOURCES = frozenset(
    (".cfg", ".conf", ".css", ".html", ".ini", ".js", ".json", ".py", ".sh", ".toml", ".txt", ".yml", "")
)
_NONE = "none"
# The kernel takes a little more or less of it at each start.
_SAME_MEMORY = 0.02
# An old version's images are built for one run, and named after it.
_RUN = re.compile(":old-[0-9a-f]+$")


def identify(plan: Plan, checkouts: Checkouts, environment: Mapping[str, str]) -> MeasuredCode:
    """What these checkouts and this environment would measure now.

    Args:
        environment: of the harness.
    """
    here = checkouts[THIS_CHECKOUT]
    root = here.root
    interpreter = _inside(root, sys.executable)
    harness = {"bench/": _folder(PACKAGE)}
    if plan.runtime == "external":
        return MeasuredCode(interpreter, sources=harness)
    own = [d.app for d in plan.deployments if d.app.project is not None]
    callables = dict.fromkeys(d.app.callable for d in plan.deployments if d.app.project is None)
    located = locate(callables, root, environment)
    sources = {target: application.source for target, application in located.items()}
    # What a container has is told by its image.
    projects = {app.callable: app.project for app in own if app.project and not app.project.image}
    sources |= {target: project_digest(Path(project.root)) for target, project in projects.items()}
    sources |= {f"{folder}/": _folder(root / folder) for folder in _FOLDERS}
    # It has the limits of the containers, too.
    sources |= {COMPOSE_FILE: digest(root, [here.compose_file]), **harness}
    for variant in {d.variant for d in plan.deployments if d.variant.source != THIS_CHECKOUT}:
        other, of = checkouts[variant.source], f"of the {variant.kind.name} version"
        sources |= {f"{folder}/ {of}": _folder(other.root / folder) for folder in _FOLDERS}
        sources[f"{COMPOSE_FILE} {of}"] = digest(other.compose_file.parent, [other.compose_file])
    # Containers get nothing of this environment.
    local = plan.runtime == "local"
    return MeasuredCode(
        interpreter=interpreter,
        search=search_path(environment) if local else (),
        variables=tuple(name for name in INHERITED if local and name in environment and name != "PYTHONPATH"),
        compose=variables_used(here.compose_file, environment),
        paths={target: application.path for target, application in located.items()},
        sources=sources,
    )


KNOWN_ONCE_STARTED = frozenset({"base image", "python (containers)", "redis-server"})
"""Versions that a runtime tells only once its containers or its store have been started."""


def with_started(environment: Environment, runtime: Runtime) -> Environment:
    """The same environment with what a runtime knows once it was entered."""
    return replace(
        environment,
        docker=runtime.docker,
        images=runtime.images,
        versions={**environment.versions, **runtime.versions},
    )


def require_same(directory: Path, before: Environment, now: Environment) -> None:
    """See that what was measured is what would be measured now.

    Raises:
        UsageError: it isn't; names every difference.
    """
    changed = list(differences(before, now))
    if changed:
        raise UsageError(
            f"{directory} can't be continued: it measured something else than would be measured now. "
            + "; ".join(changed)
            + ". Go back to what it measured, or start a new run."
        )


def differences(before: Environment, now: Environment) -> Iterator[str]:
    """What differs, each as "NAME: OLD -> NEW"; of what the older one doesn't know, nothing is said."""
    yield from _of_machine(before, now)
    yield from _changed("Python", before.python, now.python)
    if before.docker is not None:
        yield from _changed("Docker", before.docker, now.docker or _NONE)
    yield from _images(before.images, now.images)
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
        # Older results don't know all sources.
        for name in dict.fromkeys((*ours, *(theirs if what != "source of " else ()))):
            yield from _changed(what + name, ours.get(name) or _NONE, theirs.get(name) or _NONE)


def _of_machine(before: Environment, now: Environment) -> Iterator[str]:
    """Whether it is another machine, or the same one as it wasn't.

    A machine's number is that of its installation, and a copied one has the same: so the name counts, too.
    When it was last started doesn't.
    """
    if before.machine is not None:
        yield from _changed("machine", before.machine, now.machine or _NONE)
    yield from _changed("host", before.host, now.host)
    yield from _changed("CPU", before.cpu_model, now.cpu_model)
    yield from _changed("number of CPUs", str(before.cpus), str(now.cpus))
    if abs(before.memory_bytes - now.memory_bytes) > _SAME_MEMORY * before.memory_bytes:
        yield from _changed("memory", _in_mebibytes(before.memory_bytes), _in_mebibytes(now.memory_bytes))
    yield from _changed("kernel", before.kernel, now.kernel)
    yield from _changed("system", before.os, now.os)
    if before.cgroups is not None:
        yield from _changed("cgroups", before.cgroups, now.cgroups or _NONE)
    for role in ("server", "generator", "store"):
        ours, theirs = getattr(before.cpu_split, role), getattr(now.cpu_split, role)
        yield from _changed(f"CPUs of the {role}", _listed(map(str, ours)), _listed(map(str, theirs)))


def _images(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Compared as soon as both are known: once containers were made."""
    if not before or not now:
        return
    ours, theirs = ({_RUN.sub(":old", name): digest for name, digest in of.items()} for of in (before, now))
    for name in dict.fromkeys((*ours, *theirs)):
        yield from _changed(f"image {name}", ours.get(name, _NONE), theirs.get(name, _NONE))


def _in_mebibytes(size: int) -> str:
    return f"{size >> 20:,} MiB"


def _changed(name: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{name}: {old} -> {new}"


def _listed(items: Iterable[str], separator: str = ", ") -> str:
    return separator.join(items) or _NONE


def _folder(folder: Path) -> str:
    """A hash of what servers run of a folder of the checkout."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix in _SOURCES)
    return digest(folder, sorted(file for file in files if "__pycache__" not in file.parts))


def _inside(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if Path(path).is_relative_to(root) else path
