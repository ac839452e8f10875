"""`--target NAME=URL`: servers that run already, named by whoever runs them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from bench import origin
from bench.model import App
from bench.scenarios import SCENARIOS

# What runs already is measured with scenarios that neither need nor leave anything there.
FITTING = tuple(s.name for s in SCENARIOS.values() if not s.seeded and not s.writes)
EXTERNAL = App("external", "", FITTING, redis=False, seed=())
"""What stands for the application behind a target, of which nothing is known."""
# Logs are named after it, and "/" parts the names of a case.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_TWIN = "-twin"


def read_targets(values: Sequence[str], problems: list[str]) -> dict[str, str]:
    """Name to URL; notes every value that can't be measured, hosts that don't resolve among them."""
    found: dict[str, str] = {}
    for value in values:
        name, url = _parted(value)
        if not name:
            problems.append(
                f"--target '{value}' has no name; write NAME={'URL' if origin.fault(url) else url}, with the "
                f"name that the report is to call it."
            )
        elif fault := origin.fault(url):
            problems.append(f"--target '{value}' {fault}.")
        elif not _NAME.fullmatch(name) or name.endswith(_TWIN):
            problems.append(
                f"--target: '{name}' can't be a name: files and cases are named after it. Use letters, "
                f"digits, '.', '_' and '-', and another end than '{_TWIN}'."
            )
        elif name in found:
            problems.append(f"--target names '{name}' twice. Give each its own name.")
        elif fault := _unresolved(url):
            problems.append(f"--target '{value}': {fault}")
        else:
            found[name] = "http://" + url.partition("://")[2].rstrip("/")
    return found


def measured_twice(targets: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each two targets that are one server."""
    return tuple(
        f"The targets {one} and {other} are the same server measured twice: what they differ by is the "
        f"harness's own error."
        for one, other in itertools.combinations(targets, 2)
        if origin.same_server(targets[one], targets[other])
    )


def _parted(value: str) -> tuple[str, str]:
    """Name and URL; no name where the first "=" is the URL's own."""
    name, equals, url = value.partition("=")
    return (name, url) if equals and ":" not in name else ("", value.removeprefix("="))


def _unresolved(url: str) -> str:
    """Why a host has no address, and what to do; empty if it has one."""
    host = url.partition("://")[2].rstrip("/")
    try:
        origin.resolved(url)
    except UnicodeError as error:
        return f"'{host}' can't be a host's name ({error}). Correct it, or name its IP address."
    except OSError as error:
        reason = error.strerror or str(error)
        return f"the host of '{host}' can't be found ({reason}). Correct it, or name its IP address."
    return ""
