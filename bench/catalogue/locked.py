"""The lock files of poetry and pipenv, as lines of a requirements file; neither program need be installed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.catalogue.localproject import dependencies, read_toml
from bench.model.errors import UsageError


def of_poetry(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the project asks for, and the versions of everything that may come with it.

    What the lock file says of groups and markers differs between poetry's versions, and what it says of
    versions doesn't: so uv works out what is needed, and has no choice of versions.

    Raises:
        UsageError: a file can't be read.
    """
    packages = [p for p in read_toml(path).get("package", []) if isinstance(p, Mapping)]
    # Locked in several versions, each for other Pythons: the project's own limits choose.
    times = Counter(package.get("name") for package in packages)
    pins = [_of_poetry(package) for package in packages if times[package.get("name")] == 1]
    sources = [package.get("source") or {} for package in packages]
    # poetry's word for an index that isn't PyPI.
    indexes = dict.fromkeys(source.get("url") for source in sources if source.get("type") == "legacy")
    lines = [f"--extra-index-url {url}" for url in indexes]
    return (*lines, *dependencies(path.parent, locked=True)), tuple(filter(None, pins))


def _of_poetry(package: Mapping[str, Any]) -> str:
    name, source = package.get("name"), package.get("source") or {}
    match source.get("type"):
        case "git":
            return f"{name} @ git+{source.get('url')}@{source.get('resolved_reference')}"
        case "url":
            return f"{name} @ {source.get('url')}"
        case "directory" | "file":
            return ""
    return f"{name}=={package.get('version')}"


def local_to_uv(path: Path, *, virtual: bool = False) -> tuple[Path, ...]:
    """Folders of local projects in uv's lock file that would be installed; with `virtual` of others, too.

    Raises:
        UsageError: it can't be read.
    """
    kinds = ("editable", "directory", *(("virtual",) if virtual else ()))
    sources = [package.get("source", {}) for package in read_toml(path).get("package", [])]
    folders = [source[kind] for source in sources for kind in kinds if kind in source]
    return tuple((path.parent / folder).resolve() for folder in folders)


def of_pipenv(path: Path) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """What is locked, and the folders of local projects.

    Raises:
        UsageError: it can't be read.
    """
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        folders = [entry["path"] for entry in lock["default"].values() if "path" in entry]
        return tuple(_lines_of_pipenv(lock)), tuple((path.parent / folder).resolve() for folder in folders)
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{path} can't be read as pipenv's lock file: {error}") from None


def _lines_of_pipenv(lock: Mapping[str, Any]) -> Iterator[str]:
    # The machine's own index stands for PyPI.
    yield from (f"--extra-index-url {s['url']}" for s in lock["_meta"]["sources"] if s["name"] != "pypi")
    for name, entry in lock["default"].items():
        extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
        if "git" in entry:
            where = f" @ git+{entry['git']}@{entry.get('ref', 'HEAD')}"
        elif "version" in entry:
            where = entry["version"]
        else:
            continue
        markers = f" ; {entry['markers']}" if entry.get("markers") else ""
        yield f"{name}{extras}{where}{markers}"
