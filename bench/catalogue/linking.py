"""Links local projects into an environment of ours: they are imported from where they are, and known by name.

As an editable install does, but without a build backend, which would write into the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.catalogue.localproject import read_toml


def link(projects: Sequence[Path], environment: Path) -> None:
    """Put local projects on the search path of an environment, with name, version and entry points."""
    if not projects:
        return
    packages = next(environment.glob("lib/*/site-packages"))
    folders = [str(folder) for project in projects for folder in _sources(project)]
    (packages / "wsgi_bench_projects.pth").write_text("\n".join(folders) + "\n", encoding="utf-8")
    for project in projects:
        if (project / "pyproject.toml").is_file():
            _register(read_toml(project / "pyproject.toml"), packages)


def _sources(project: Path) -> Iterator[Path]:
    if (project / "src").is_dir():
        yield project / "src"
    yield project


def _register(document: Mapping[str, Any], packages: Path) -> None:
    poetry = document.get("tool", {}).get("poetry", {})
    project = {**poetry, **document.get("project", {})}
    name = project.get("name")
    if not name:
        return
    # A version that is worked out by a backend isn't known.
    version = project.get("version", "0")
    info = packages / f"{str(name).replace('-', '_')}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    groups = {**poetry.get("plugins", {}), **project.get("entry-points", {})}
    sections = (
        f"[{group}]\n" + "".join(f"{entry} = {what}\n" for entry, what in entries.items())
        for group, entries in groups.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
