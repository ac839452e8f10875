"""Which servers a run measures that names none."""

from __future__ import annotations

from collections.abc import Mapping

from bench.model import Server


def servers_for_project(known: Mapping[str, Server]) -> tuple[Server, ...]:
    """Behind somebody's own application: those that are meant for production.

    A development server would be slower by far, and its pace everybody's open load.
    """
    return tuple(server for server in known.values() if server.for_projects)


def default_servers(known: Mapping[str, Server]) -> tuple[Server, ...]:
    """Behind an application of this checkout."""
    return tuple(server for server in known.values() if server.default)
