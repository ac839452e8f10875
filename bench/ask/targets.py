"""`--target NAME=URL`: servers that run already, named by whoever runs them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bench.ask.words import client_option
from bench.catalogue import origin
from bench.catalogue.scenarios import SCENARIOS
from bench.model import App
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.model.variant import TWIN

# What runs already is measured with scenarios that neither need nor leave anything there.
FITTING = tuple(s.name for s in SCENARIOS.values() if not s.seeded and not s.writes)
EXTERNAL = App("external", "", FITTING, redis=False, seed=())
"""What stands for the application behind a target, of which nothing is known."""
# Logs are named after it, and "/" parts the names of a case.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def read_targets(values: Iterable[str]) -> dict[str, str]:
    """Name to URL. No host is looked up: see `consent.look_up`.

    Raises:
        UsageError: names every value that can't be measured.
    """
    targets: dict[str, str] = {}
    with Problems() as problems:
        for value in values:
            with problems.collected():
                name, url = read_target(value, targets)
                targets[name] = url
    return targets


def read_target(value: str, taken: Container[str]) -> tuple[str, str]:
    """Name and URL.

    Args:
        taken: names that other targets have.

    Raises:
        UsageError: it can't be measured.
    """
    name, url = _parted(value)
    if not name:
        raise UsageError(
            f"--target '{value}' has no name; write NAME={'URL' if origin.fault(url) else url}, with the "
            f"name that the report is to call it."
        )
    if fault := origin.fault(url):
        raise UsageError(f"--target '{value}' {fault}.")
    if not _NAME.fullmatch(name) or name.endswith(TWIN.suffix):
        raise UsageError(
            f"--target: '{name}' can't be a name: files and cases are named after it. Use letters, "
            f"digits, '.', '_' and '-', and another end than '{TWIN.suffix}'."
        )
    if name in taken:
        raise UsageError(f"--target names '{name}' twice. Give each its own name.")
    if path := origin.socket_path(url):
        return name, f"unix:{path}"
    return name, "http://" + url.partition("://")[2].rstrip("/")


def measured_twice(targets: Mapping[str, str], addresses: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A sentence for each two targets that are one server.

    Args:
        targets: name to URL.
        addresses: those behind each host, by name.
    """
    hosts = {name: frozenset(addresses.get(name, ())) for name in targets}
    return tuple(
        f"The targets {target} and {other} are the same server measured twice: what they differ by is the "
        f"harness's own error."
        for target, other in itertools.combinations(targets, 2)
        if origin.same_server(
            targets[target], targets[other], shared=not hosts[target].isdisjoint(hosts[other])
        )
    )


def _parted(value: str) -> tuple[str, str]:
    """Name and URL; no name where the first "=" is the URL's own."""
    name, equals, url = value.partition("=")
    return (name, url) if equals and ":" not in name else ("", value.removeprefix("="))


def beside_targets(asked: Mapping[str, Any]) -> Iterator[str]:
    """What doesn't go with targets."""
    if asked["servers"]:
        yield (
            "--servers and --target exclude each other: the first deploys servers, the second measures "
            "what runs already. Leave one out."
        )
    if asked["client"] != "loop" and any("unix:" in value for value in asked["target"]):
        yield f"{client_option(asked['client'])} has no way to a unix socket. Leave it out, or name a port."
    if asked["server"]:
        yield (
            "--server and --target exclude each other: the first deploys servers, the second measures what "
            "runs already. Leave one out."
        )
    if asked["against"]:
        yield (
            "--against and --target exclude each other: of what runs already there is no old version to "
            "deploy. Name it as a second --target, which is compared with the first."
        )
