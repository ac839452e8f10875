"""A user's own application, found anew from their folder and what they name: nothing of a result is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.resolution import resolve
from bench.deploy.outside import Outside
from bench.model import App, Plan
from bench.model.scenario import AskedScenario
from bench.run.ready import made_ready


@dataclass(frozen=True)
class OwnAgain:
    """What a run of somebody's own application goes on with.

    Attributes:
        asks: what is asked of it; None where a locust file says it.
        outside: what it finds around it.
    """

    app: App
    asks: AskedScenario | None
    outside: Outside


@contextmanager
def own_again(
    plan: Plan,
    flags: Mapping[str, Any],
    root: Path,
    show: Callable[[str], None],
    say: Callable[[str], None],
) -> Iterator[OwnAgain | None]:
    """The application in the working directory; None for a plan that measures none of anybody's own.

    Args:
        flags: what the user names, by setting.

    Raises:
        UsageError: there is none, or it doesn't answer as it should.
    """
    if all(deployment.app.project is None for deployment in plan.deployments):
        yield None
        return
    servers = {d.server.name: None for d in plan.deployments if not (d.server.own or d.server.service)}
    asked = resolve({**flags, "servers": tuple(servers), "runtime": plan.runtime}, root, own=True)
    [(_, scenario)] = asked.combinations
    assert asked.own is not None
    asks = scenario.asked if plan.locust is None else None
    with made_ready(asked.own, asked.servers, asks, show, say) as ready:
        yield OwnAgain(ready.app, asks, ready.outside)
