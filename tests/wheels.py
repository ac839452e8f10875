"""Wheels made for a test, and a folder of them that is the only place where uv looks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


def wheel(
    folder: Path,
    name: str,
    version: str = "1",
    *,
    files: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
    python: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """A distribution; by default it has one module of its name, which knows its version.

    Args:
        python: the Pythons that it says it needs.
    """
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {line}\n" for line in requires]
    metadata += [f"Requires-Python: {python}\n"] if python else []
    contents = dict(files) if files is not None else {f"{name}.py": f"VERSION = {version!r}\n"}
    info = f"{name}-{version}.dist-info"
    contents[f"{info}/METADATA"] = "".join(metadata)
    contents[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*contents, f"{info}/RECORD"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in contents.items():
            archive.writestr(inner, text)
    return path


def only_from(folder: Path, home: Path) -> dict[str, str]:
    """The variables of a shell whose user has told uv to look in one folder, and has a cache of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "uv.toml"
    configuration.write_text(f'no-index = true\nfind-links = ["{folder}"]\n')
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "UV_CACHE_DIR": str(home / "uv"),
        "UV_CONFIG_FILE": str(configuration),
        "XDG_CACHE_HOME": str(home / "cache"),
    }


def tree(folder: Path) -> dict[str, bytes | str]:
    """What is in a folder: contents of files, targets of links."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
