"""Which servers a run measures, and the runtime that can have them."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.ask.measured_servers import default_servers, servers_for_project
from bench.ask.serverspec import read_servers
from bench.ask.words import check_word, client_option
from bench.catalogue.ownline import missing_program, placeholders_of
from bench.catalogue.registry import load_servers
from bench.catalogue.scenarios.request import Scenario
from bench.catalogue.serverlines import find_server_lines
from bench.catalogue.versions import COMPOSE_FILE
from bench.model import App, Server
from bench.model.errors import UsageError
from bench.model.problems import Problems

# The packages that servers/Dockerfile copies.
_IN_IMAGES = ("apps", "servers")
_LINES_AT_MOST = 2


def chosen_servers(
    names: Sequence[str],
    specs: Sequence[str],
    root: Path,
    environment: Mapping[str, str],
    problems: Problems,
    folder: Path | None = None,
) -> tuple[Server, ...]:
    """The servers by name, then those of `--server`; without any the default ones, and behind an application
    of the user's own the lines that its project has.

    Args:
        folder: of the user's own project; None for an application of the checkout.
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
            given = read_servers(specs, known, folder or Path.cwd(), names)
            if folder is None:
                # As `LocalRuntime` has it.
                path = os.pathsep.join(
                    [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
                )
                problems.note(*not_there(given, path, root))
            return (*chosen, *given)
    usual = default_servers(known) if folder is None else servers_for_project(known)
    return tuple(chosen) if names or specs else usual


def found_lines(
    asked: Mapping[str, Any], folder: Path, root: Path, environment: Mapping[str, str]
) -> Mapping[str, Any]:
    """The settings by which the lines of a project are measured beside the usual servers; none where the user
    says which are, or there are no lines.
    """
    lines = find_server_lines(folder)
    if asked["servers"] or asked["server"] or not lines:
        return {}
    usual = servers_for_project(load_servers(root / COMPOSE_FILE, environment))
    baseline = {} if asked["baseline"] else {"baseline": lines[0].label}
    specs = tuple(line.spec for line in lines[:_LINES_AT_MOST])
    return {"servers": tuple(server.name for server in usual), "server": specs, **baseline}


def wrong_client(client: str, servers: Sequence[Server]) -> Iterator[str]:
    """A sentence for each server that a client of the load generator has no way to."""
    for server in servers:
        if client != "loop" and server.own and "socket" in placeholders_of(server.command):
            asking = client_option(client)
            yield f"{asking} has no way to the unix socket of {server.name}. Use {{bind}} there."


def not_there(
    servers: Sequence[Server], path: str, folder: Path, *, fetched: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for each line of the user's own whose program isn't there.

    Args:
        path: where programs are looked for, as `PATH`.
        folder: that they are started in.
        fetched: programs that are had from a package index where they aren't there.
    """
    for server in servers:
        word = missing_program(server.command, path, folder) if server.own else ""
        if word and word not in fetched:
            yield (
                f"--server: {server.name} is started by `{word}`, which is neither in the application's "
                f"environment nor in PATH. Install it there, or correct the line."
            )


def runtime_in_context(asked: Mapping[str, Any]) -> str:
    """The runtime that is asked for: a Docker context asks for containers.

    Raises:
        UsageError: something else is asked for, too.
    """
    if not asked["docker_context"]:
        return str(asked["runtime"])
    if asked["runtime"] == "local" or asked["target"]:
        beside = "--target" if asked["target"] else "--runtime local"
        raise UsageError(f"--docker-context is for containers that a run starts: leave {beside} or it out.")
    return "compose"


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


def own_line(servers: Sequence[Server]) -> str | None:
    """The user's own server line, where there is one alone: what all else is compared with."""
    lines = [server.name for server in servers if server.own]
    return lines[0] if len(lines) == 1 else None
