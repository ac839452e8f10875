"""Lays servers over an environment that lacks them, in folders that are added to its search path."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.catalogue.home import HOME
from bench.catalogue.python import Interpreter, normalized
from bench.deploy import packages
from bench.deploy.serverpackages import Unavailable, resolve
from bench.machine import process, uv
from bench.machine.cache import cache_folder, digest, made_once
from bench.model import Server

# Distributions that bring the same program.
_SAME = {"pyuwsgi": "uwsgi"}


@dataclass(frozen=True)
class Overlay:
    """What a server is served from.

    Attributes:
        folder: goes to the end of PYTHONPATH; empty where nothing was missing.
        version: of the server; empty for what comes with Python.
        problem: why it can't be had, with what to do; empty if it can.
    """

    folder: str
    version: str
    problem: str = ""


def lay_over(
    interpreter: Interpreter,
    servers: Sequence[Server],
    say: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Mapping[str, Overlay]:
    """What each server is served from, by its name.

    A server that the interpreter's environment has is used as it is. Of one that it lacks, with what that
    needs, a folder in the user's cache holds exactly what is missing. Neither environment nor project is
    written to.

    Args:
        say: gets a line for a server that is had in another version than ours, or has to be fetched.
        environment: the shell's.
        folder: the project's, whose index settings hold; the working directory by default.

    Raises:
        MachineError: there is no uv, or the cache can't be written.
    """
    pins = packages.pins(packages.server_locks(HOME))
    by_package: dict[str, Overlay] = {}
    for package in dict.fromkeys(server.package for server in servers):
        if package not in by_package:
            by_package[package] = _overlay(package, interpreter, pins, say, environment, folder or Path.cwd())
    return {server.name: by_package[server.package] for server in servers}


def _overlay(
    package: str,
    interpreter: Interpreter,
    pins: Mapping[str, str],
    say: Callable[[str], None],
    environment: Mapping[str, str],
    project: Path,
) -> Overlay:
    if not package:
        return Overlay("", "")
    for name in (package, _SAME.get(package, package)):
        if version := interpreter.distributions.get(normalized(name)):
            return Overlay("", version)
    try:
        missing = resolve(package, interpreter, pins, environment, project)
    except Unavailable as unavailable:
        return Overlay("", "", str(unavailable))
    version = missing[normalized(package)]
    ours = pins.get(package, version)
    if version != ours:
        say(f"{package} {version}, since {ours} doesn't fit {interpreter.name} with what is installed there.")
    folder = cache_folder(environment) / "servers" / _name(package, interpreter, missing)
    if not folder.is_dir():
        say(f"Fetching {package} {version} for {interpreter.name} ...")

    def install(target: Path) -> None:
        uv.run(
            [
                "pip", "install", "--quiet", *interpreter.for_uv, "--target", str(target),
                "--no-deps", "--only-binary", ":all:", *(f"{name}=={v}" for name, v in missing.items()),
            ],
            environment=environment,
            cwd=project,
        )  # fmt: skip
        (target / ".lock").unlink(missing_ok=True)

    try:
        made_once(folder, install)
    except process.CommandFailed as error:
        return Overlay("", "", f"{package} {version} can't be fetched: {uv.reason(error)}")
    return Overlay(str(folder), version)


def _name(package: str, interpreter: Interpreter, missing: Mapping[str, str]) -> str:
    # Programs in the folder name their interpreter.
    identity = [interpreter.python, interpreter.implementation, interpreter.version, interpreter.tag]
    identity += [interpreter.platform] if interpreter.platform else []
    return f"{package}-{digest(*identity, *(f'{name}=={missing[name]}' for name in sorted(missing)))}"
