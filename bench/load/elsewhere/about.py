"""What a generator is, and whether it is the same program as its master's."""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import os
import platform
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import bench
from bench.machine.place import HERE
from bench.model.jsonable import parse

_OURS = "wsgi-bench"
_PACKAGES = (_OURS, "locust", "gevent", "hdrhistogram", "numpy")
_CODE = ("catalogue/scenarios", "load", "machine", "model")


@dataclass(frozen=True)
class About:
    """One process of the load generator. What another version doesn't say of itself is empty.

    Attributes:
        cpus: how many it may run on.
        versions: of what it consists of.
        code: digest of the modules that make and time the load, scenarios among them.
    """

    host: str = ""
    pid: int = 0
    cpus: int = 0
    python: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


def about() -> About:
    """This process."""
    return About(
        # Whatever it is made of, others can read it.
        host=socket.gethostname().encode("utf-8", "replace").decode(),
        pid=os.getpid(),
        cpus=len(HERE.cpus()),
        python=platform.python_version(),
        versions=dict(_versions()),
        code=_digest(),
    )


def read_about(said: Mapping[str, Any]) -> About:
    """What a generator of whatever version has said of itself.

    Raises:
        Malformed: it is nothing of the kind.
    """
    own = asdict(About())
    return parse(About, {**own, **{name: value for name, value in said.items() if name in own}}, "about")


def differences(master: About, generator: About) -> list[str]:
    """In what a generator isn't the same as its master, in words; nothing where it may take part."""
    said = [
        f"{package} {generator.versions.get(package, 'none')} instead of {version}"
        for package, version in master.versions.items()
        # An image has our modules without a version: their code says more anyway.
        if generator.versions.get(package, version if package == _OURS else None) != version
    ]
    if _minor(generator.python) != _minor(master.python):
        said.append(f"Python {generator.python} instead of {master.python}")
    if not said and generator.code != master.code:
        said.append("other code of the same version: its scenarios, or its client, aren't the master's")
    return said


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            yield package, importlib.metadata.version(package)


def free_name(host: str, taken: Collection[str]) -> str:
    """What a generator of a host is called: as that, with a number where the name is taken."""
    names = (host if number == 1 else f"{host} {number}" for number in itertools.count(1))
    return next(name for name in names if name not in taken)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _digest() -> str:
    package = Path(bench.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for folder in _CODE for path in (package / folder).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
