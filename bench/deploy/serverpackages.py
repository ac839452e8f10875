"""Which distributions an environment lacks to run a server, in versions that go with what it has."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.catalogue.python import Interpreter, normalized
from bench.machine import process, uv

# Older ones don't know the settings that are measured, or how they are started.
_OLDEST = {
    "cheroot": "8.5",
    "granian": "2.0",
    "gunicorn": "21.2",
    "pyuwsgi": "2.0.20",
    "waitress": "2.0",
    "werkzeug": "2.0",
}
# As PEP 440 normalises it. What is written otherwise may be a version to Debian alone.
_VERSION = re.compile(r"(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")


class Unavailable(Exception):
    """Why an environment can't have a server, with what to do."""


def resolve(
    package: str,
    interpreter: Interpreter,
    pins: Mapping[str, str],
    environment: Mapping[str, str],
    folder: Path,
) -> dict[str, str]:
    """The distributions that are missing, normalised name to version, the server's own among them.

    The versions of our lock files are preferred; what is installed stays as it is. Nothing is compiled.

    Args:
        pins: the versions of our lock files.
        folder: the project's, whose index settings hold.

    Raises:
        Unavailable: no version goes with this Python and what is installed for it.
    """
    oldest = f">={_OLDEST[package]}" if package in _OLDEST else ""
    # A version of somebody's own build (`+cu121`) is in no index, but fits what asks for the public one.
    public = {name: version.partition("+")[0] for name, version in interpreter.distributions.items()}
    constraints = [f"{name}=={version}" for name, version in public.items() if _VERSION.fullmatch(version)]
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-resolve-") as scratch:
        constrained, resolved = Path(scratch, "constraints.txt"), Path(scratch, "resolved.txt")
        constrained.write_text("\n".join(constraints) + "\n", encoding="utf-8")
        command = [
            "pip", "compile", "--quiet", *interpreter.for_uv, "--only-binary", ":all:",
            "--no-header", "--no-annotate", "--constraint", str(constrained),
            "--output-file", str(resolved), "-",
        ]  # fmt: skip

        def attempt(*options: str) -> dict[str, str]:
            # What stands in the file that is written is what uv prefers.
            preferred = "\n".join(f"{name}=={version}" for name, version in pins.items())
            resolved.write_text(preferred + "\n", encoding="utf-8")
            uv.run([*command, *options], environment=environment, cwd=folder, stdin=f"{package}{oldest}\n")
            versions = re.findall(
                r"^([\w.-]+)==([^\s;]+)", resolved.read_text(encoding="utf-8"), re.MULTILINE
            )
            return {normalized(name): version for name, version in versions}

        versions = _without_network(attempt, package, pins)
        if versions is None:
            try:
                versions = attempt()
            except process.CommandFailed as error:
                raise Unavailable(_why(package, interpreter, pins, uv.reason(error))) from None
    return {name: version for name, version in versions.items() if name not in interpreter.distributions}


def _without_network(
    attempt: Callable[..., dict[str, str]], package: str, pins: Mapping[str, str]
) -> dict[str, str] | None:
    """What uv knows from earlier, where that is our own version; an older index may lack a newer one."""
    try:
        versions = attempt("--offline")
    except process.CommandFailed:
        return None
    return versions if versions.get(normalized(package)) == pins.get(package) else None


def _why(package: str, interpreter: Interpreter, pins: Mapping[str, str], reason: str) -> str:
    server = f"{package} {pins[package]}" if package in pins else package
    if python := re.search(r"(?:depends on|requires) Python ?(?P<needs>[<>=!~\d., ]+\d)", reason):
        return (
            f"{server} needs Python {python['needs']}; this is {interpreter.name}. "
            "Use --servers for others, or a newer Python."
        )
    if "usable wheels" in reason or "no wheels" in reason:
        return f"{server} has no wheel for {interpreter.name}, and is not compiled. Use --servers for others."
    # The newest comes last.
    for name, versions in reversed(re.findall(r"depends? on ([\w.-]+?)((?:[<>~]=?|!=)[^\s,]+)", reason)):
        if version := interpreter.distributions.get(normalized(name)):
            return (
                f"{server} needs {name}{versions}, and {name} {version} is installed for {interpreter.name}. "
                "Use --servers for others, or change the requirement."
            )
    return f"{server} can't be had for {interpreter.name}: {reason} Use --servers for others."
