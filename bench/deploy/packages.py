"""The distributions that serve, whose versions belong to a result."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.model import Deployment

_OF_APPS = ("flask", "jinja2", "redis", "werkzeug")
# Used where they are installed, without a word: gunicorn/http/message.py takes its C parser so.
_SILENT = {"gunicorn": ("gunicorn-h1c",)}


def serving(deployments: Sequence[Deployment]) -> tuple[str, ...]:
    """Names of what may serve these deployments, each once; not all need be installed."""
    packages: dict[str, None] = {}
    for deployment in deployments:
        package = deployment.server.package
        packages |= dict.fromkeys((package, *_SILENT.get(package, ())))
    return tuple(name for name in (*packages, *(p for p in _OF_APPS if p not in packages)) if name)


def pins(locks: Iterable[Path]) -> dict[str, str]:
    """Distribution name to the version that lock files pin it to."""
    versions: dict[str, str] = {}
    for lock in locks:
        versions |= dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text(), re.MULTILINE))
    return versions


def server_locks(root: Path) -> list[Path]:
    """The lock files that servers' images are built from; the load's own isn't one of them."""
    return [
        path for path in sorted((root / "servers").glob("*/requirements.txt")) if path.parent.name != "driver"
    ]


def differing_pins(old: Path, new: Path) -> Mapping[str, tuple[str, str]]:
    """What serves and is pinned to another version in two checkouts, each (old, new).

    A file that the old one doesn't have says nothing.
    """
    differing: dict[str, tuple[str, str]] = {}
    served = pins((*server_locks(old), *server_locks(new))).keys()
    for lock in (new / "requirements.lock", *server_locks(new)):
        other = old / lock.relative_to(new)
        if other.is_file() and lock.is_file():
            before, after = pins([other]), pins([lock])
            differing |= {
                name: (before.get(name, "none"), after.get(name, "none"))
                for name in sorted(served & (before.keys() | after.keys()))
                if before.get(name) != after.get(name)
            }
    return differing


def installed(deployments: Sequence[Deployment]) -> dict[str, str]:
    """The versions of what serves: of a project's environment, or of this one."""
    projects = [deployment.app.project for deployment in deployments if deployment.app.project is not None]
    versions = {name: version for project in projects for name, version in project.versions.items()}
    if projects:
        return versions
    for package in serving(deployments):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions
