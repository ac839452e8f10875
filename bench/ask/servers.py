"""Which servers a run measures, and the runtime that can have them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.ask.measured_servers import default_servers, servers_for_project
from bench.ask.serverspec import read_servers
from bench.ask.words import check_word, client_option
from bench.catalogue.ownline import missing_program, placeholders_of
from bench.catalogue.registry import load_servers
from bench.catalogue.scenarios.request import Scenario
from bench.catalogue.versions import COMPOSE_FILE
from bench.model import App, Server
from bench.model.errors import UsageError
from bench.model.problems import Problems

# The packages that servers/Dockerfile copies.
_IN_IMAGES = ("apps", "servers")


def chosen_servers(
    names: Sequence[str],
    specs: Sequence[str],
    root: Path,
    environment: Mapping[str, str],
    problems: Problems,
    *,
    own: bool,
) -> tuple[Server, ...]:
    """The servers by name, then those of `--server`; without any the default ones.

    Args:
        own: whether the application is the user's own.
    """
    known: Mapping[str, Server] = {}
    with problems.collected():
        known = load_servers(root / COMPOSE_FILE, environment)
        for name in names:
            with problems.collected():
                check_word("server", name, known)
    chosen = [known[name] for name in dict.fromkeys(names) if name in known]
    if known and specs:
        with problems.collected():
            given = read_servers(specs, known, Path.cwd(), names)
            if not own:
                problems.note(*_not_there(given, root, environment))
            return (*chosen, *given)
    usual = servers_for_project(known) if own else default_servers(known)
    return tuple(chosen) if names or specs else usual


def wrong_client(client: str, servers: Sequence[Server]) -> Iterator[str]:
    """A sentence for each server that a client of the load generator has no way to."""
    for server in servers:
        if client != "loop" and server.own and "socket" in placeholders_of(server.command):
            asking = client_option(client)
            yield f"{asking} has no way to the unix socket of {server.name}. Use {{bind}} there."


def _not_there(servers: Sequence[Server], root: Path, environment: Mapping[str, str]) -> Iterator[str]:
    # As `LocalRuntime` has it.
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    for server in servers:
        if server.own and (word := missing_program(server.command, path, root)):
            yield (
                f"--server: {server.name} is started by `{word}`, which is neither in the application's "
                f"environment nor in PATH. Install it there, or correct the line."
            )


def fitting_runtime(
    asked: str, combinations: Sequence[tuple[App, Scenario]], servers: Sequence[Server]
) -> tuple[str, str]:
    """The runtime, and why it isn't the one that was asked for: what is from elsewhere is in no image."""
    if own := next((server.name for server in servers if server.own), ""):
        if asked == "compose":
            raise UsageError(
                f"--runtime compose: {own} is a line of your own, which no image has. Use --runtime local."
            )
        return "local", f"runtime local: {own} is a line of your own, which no image has"
    for app, _ in combinations:
        if app.callable.partition(":")[0].partition(".")[0] in _IN_IMAGES:
            continue
        reason = f"{app.callable} is in no image: these hold {'/ and '.join(_IN_IMAGES)}/ of this checkout"
        if asked == "auto":
            return "local", f"runtime local: {reason}"
        if asked == "compose":
            raise UsageError(
                f"--runtime compose: {reason}. Measure it with --runtime local, or add it to apps/ "
                f'(README.md, "Adding a server or an application").'
            )
    return asked, ""
