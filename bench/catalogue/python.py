"""One Python interpreter: what it says of itself."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import process
from bench.model.errors import UsageError

OLDEST = (3, 8)
_SAYS_S = 60.0
DESCRIBE = Path(__file__).with_name("describe.py")
"""The script by which an interpreter says what it is."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs an application.

    Attributes:
        python: absolute path; of a virtual environment the one inside it.
        version: such as "3.12.4"; of PyPy that of the language.
        implementation: "CPython", "PyPy", ...
        source: how it was come by, in words.
        distributions: what is installed, normalised name to version.
        tag: the ABI that its extension modules are for.
        platform: what uv calls that of an image; empty for this machine's.
    """

    python: str
    version: str
    implementation: str
    source: str
    distributions: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    platform: str = ""

    @property
    def for_uv(self) -> tuple[str, ...]:
        """The words that tell uv for what it resolves and installs."""
        if self.platform:
            return (
                *("--python", sys.executable, "--python-version", self.version),
                *("--python-platform", self.platform),
            )
        return ("--python", self.python)

    @property
    def name(self) -> str:
        """Such as "Python 3.12.4" or "PyPy 3.9.16"."""
        return f"{'Python' if self.implementation == 'CPython' else self.implementation} {self.version}"


def normalized(name: str) -> str:
    """A distribution's name as all write it alike (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(python: Path, source: str, folder: Path, environment: Mapping[str, str]) -> Interpreter:
    """What a program that should be a Python says of itself; nothing of the project is imported.

    Args:
        folder: where it runs, for what is relative in its search path.

    Raises:
        UsageError: it is no Python, or one that is too old.
    """
    whose = f"{source}: {python}"
    try:
        said = process.run(
            [str(python), "-c", DESCRIBE.read_text(encoding="utf-8")],
            environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=folder,
            timeout_s=_SAYS_S,
        )
    except OSError as error:
        raise UsageError(
            f"{whose} can't be run ({error.strerror}). Name another one with --python."
        ) from None
    except process.CommandFailed as error:
        lines = error.output.strip().splitlines() or ["nothing"]
        line = lines[-1 if lines[0].startswith("Traceback") else 0]
        raise UsageError(
            f"{whose} doesn't work as a Python; it said: {line[:200]}. Name another one with --python."
        ) from None
    return parsed(said, whose, source, str(python))


def parsed(said: str, whose: str, source: str, python: str) -> Interpreter:
    """The interpreter that said this of itself.

    Args:
        whose: what to call it where it is none, or too old.
        python: by which it was called.

    Raises:
        UsageError: it is no Python, or one that is too old.
    """
    try:
        described = json.loads(said.splitlines()[-1])
        interpreter = Interpreter(
            # PyPy and others may not know their own name.
            python=str(described["python"] or python),
            version=str(described["version"]),
            implementation=str(described["implementation"]),
            source=source,
            distributions={normalized(n): str(v) for n, v in described["distributions"].items()},
            tag=str(described["tag"]),
        )
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{whose} is no Python interpreter. Name one with --python.") from None
    if tuple(map(int, re.findall(r"\d+", interpreter.version)[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(
            f"{whose} is {interpreter.name}; an application needs {oldest} or newer. "
            "Name another one with --python."
        )
    return interpreter
