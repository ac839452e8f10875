"""`--workers`: how many worker processes each server gets, of those that can have several.

With `auto` as many as its own documentation begins with, for the CPUs that it may use:

- gunicorn, sync: 2 x CPUs + 1, "based on the assumption that for a given core, one worker will be reading or
  writing from the socket while the other worker is processing a request":
  https://gunicorn.org/design/#how-many-workers.
- gunicorn, gthread: one for each CPU, since threads of one worker read, write and process beside each other:
  https://gunicorn.org/design/#how-many-threads.
- uWSGI: one for each CPU, each with threads. "There is no magic rule"
  (https://uwsgi-docs.readthedocs.io/en/latest/ThingsToKnow.html); in its files %k is the number of CPUs:
  https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html#magic-variables.
- granian: one for each CPU, "generally the best starting point":
  https://github.com/emmett-framework/granian/blob/v2.8.7/README.md#workers-and-threads.
- waitress, cheroot, Werkzeug and wsgiref never have more than one process; their threads stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bench.model import CpuSplit, Plan, Server
from bench.model.counted import count
from bench.model.errors import UsageError
from bench.model.surroundings import Limits

AUTO = "auto"
MOST = 1_024


def read_workers(text: str | None) -> str | None:
    """What was asked for: "auto", or a number as a text.

    Raises:
        UsageError: it is something else.
    """
    if text is None or text == AUTO:
        return text
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise UsageError(f"--workers {text}: it is {AUTO}, or a number from 1 to {MOST:,}.")
    return str(int(text))


def usable(cpus: CpuSplit, limits: Limits) -> int:
    """How many CPUs a server can use at a time; a part of one counts as one."""
    return min(len(cpus.server), math.ceil(limits.cpus or len(cpus.server)))


def with_workers(servers: Iterable[Server], asked: str | None, cpus: int) -> tuple[Server, ...]:
    """The servers with as many workers, where they can have several and nobody has given them a number.

    Args:
        asked: as `read_workers` gives it; None for what the compose file says.
        cpus: that each may use.
    """
    return tuple(
        _with(server, _chosen(server, cpus) if asked == AUTO else int(asked))
        if asked is not None and "workers" in server.settings
        else server
        for server in servers
    )


def in_words(plan: Plan, split: CpuSplit) -> str | None:
    """What `auto` has chosen for each server, and why; None where it wasn't asked for."""
    if plan.given.get("workers") != AUTO:
        return None
    cpus = usable(split, plan.limits)
    servers = {d.server.name: d.server for d in plan.deployments if d.variant.kind.ranked}
    return "; ".join(_of(servers.values(), cpus))


def _of(servers: Iterable[Server], cpus: int) -> Iterator[str]:
    for server in servers:
        if server.own:
            yield f"{server.name}: as its own line says"
        elif "workers" not in server.settings:
            yield f"{server.name}: {server.workers}, which is fixed"
        elif _alternates(server):
            yield f"{server.name}: {server.workers}, 2 x {count(cpus, 'CPU')} + 1"
        else:
            yield f"{server.name}: {server.workers}, one for each CPU"


def _chosen(server: Server, cpus: int) -> int:
    return 2 * cpus + 1 if _alternates(server) else cpus


def _alternates(server: Server) -> bool:
    """Whether one worker works while another waits for its client."""
    return server.package == "gunicorn" and server.threads == 1


def _with(server: Server, workers: int) -> Server:
    return replace(server, workers=workers, environment={**server.environment, "WORKERS": str(workers)})
