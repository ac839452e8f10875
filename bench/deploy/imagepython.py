"""An image of the user's own: what it says of itself, and the Python in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.catalogue import python
from bench.catalogue.python import Interpreter
from bench.deploy.engine import Engine
from bench.machine import process
from bench.model.errors import UsageError

_PULL_S = 900.0
_NAMES = ("python", "python3")
_ABOUT = """
import sysconfig
print(json.dumps([platform.machine(), platform.libc_ver(), sysconfig.get_config_var("SOABI") or ""]))
"""
# The versions of glibc that uv knows platforms of: `uv pip install --help`, --python-platform.
_GLIBC = (17, 28, *range(31, 41))


@dataclass(frozen=True)
class UsersImage:
    """What an image is served by.

    Attributes:
        name: by which the engine knows it.
        called: what the user calls it.
        folder: its working directory.
        user: that it runs as; empty for root.
        entrypoint: the program that it would run.
        variables: of its own environment.
    """

    name: str
    called: str
    folder: str
    user: str
    entrypoint: tuple[str, ...]
    variables: Mapping[str, str]
    interpreter: Interpreter


def read_image(
    engine: Engine, name: str, asked: str | None, *, called: str = "", pulls: bool = False
) -> UsersImage:
    """
    Args:
        called: what the user calls it, if otherwise.
        asked: the Python in it (`--python`); None for `python`, else `python3`.
        pulls: whether one that this machine lacks is pulled.

    Raises:
        UsageError: there is no such image, or no Python in it that can serve an application.
    """
    config = _inspected(engine, name, pulls)["Config"]
    variables = dict(line.partition("=")[::2] for line in config.get("Env") or ())
    return UsersImage(
        name=name,
        called=called or name,
        folder=config.get("WorkingDir") or "/",
        user="" if (config.get("User") or "").partition(":")[0] in ("", "0", "root") else config["User"],
        entrypoint=tuple(config.get("Entrypoint") or ()),
        variables=variables,
        interpreter=_read_python(engine, name, called or name, [asked] if asked else _NAMES),
    )


def _inspected(engine: Engine, name: str, pulls: bool) -> Mapping[str, Any]:
    try:
        try:
            said = engine.run("image", "inspect", "--", name)
        except process.CommandFailed:
            if not pulls:
                raise
            engine.run("pull", "--quiet", "--", name, timeout_s=_PULL_S)
            said = engine.run("image", "inspect", "--", name)
    except process.CommandFailed as error:
        last = (error.output.strip().splitlines() or ["the engine gave no reason"])[-1]
        raise UsageError(
            f"--image {name}: this machine has no such image, and it can't be pulled ({last}). "
            f"Build or pull it, or give its --dockerfile."
        ) from None
    inspected: Mapping[str, Any] = json.loads(said)[0]
    return inspected


def _read_python(engine: Engine, name: str, image: str, words: Sequence[str]) -> Interpreter:
    said = ""
    for word in words:
        code = python.DESCRIBE.read_text(encoding="utf-8") + _ABOUT
        isolated = ("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL")
        try:
            said = engine.run("run", *isolated, "--entrypoint", word, name, "-c", code)
            break
        except process.CommandFailed as error:
            if "not found" not in error.output and "no such file" not in error.output:
                last = (error.output.strip().splitlines() or ["nothing"])[-1]
                raise UsageError(
                    f"{image}: `{word}` in it doesn't work as a Python; it said: {last[:200]}"
                ) from None
    else:
        raise UsageError(
            f"{image} has no {' and no '.join(words)} in its PATH. Name the Python in it with --python, or "
            f"set PATH in its Dockerfile."
        )
    lines = said.strip().splitlines()
    interpreter = python.parsed("\n".join(lines[:-1]), f"{image}: {word}", f"of {image}", word)
    if interpreter.implementation != "CPython":
        raise UsageError(f"{image} has {interpreter.name}: servers are laid over CPython alone.")
    return replace(interpreter, platform=_platform(*json.loads(lines[-1])))


def _platform(machine: str, libc: Sequence[str], abi: str) -> str:
    """What uv calls the platform of an image."""
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(machine, machine)
    name, version = libc
    if name != "glibc" or "musl" in abi:
        return f"{machine}-unknown-linux-musl"
    minor = int(version.split(".")[1])
    return f"{machine}-manylinux_2_{max(known for known in _GLIBC if known <= max(minor, _GLIBC[0]))}"
