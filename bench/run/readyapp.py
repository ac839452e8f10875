"""An application of a user's own that can be served."""

from __future__ import annotations

from dataclasses import dataclass

from bench.catalogue.interpreter import Interpreter
from bench.deploy.outside import Outside
from bench.model import App, Server
from bench.model.preflight import Preflight
from bench.model.scenario import AskedScenario

_FORWARDED = ("x-forwarded-", "forwarded")


@dataclass(frozen=True)
class ReadyApp:
    """An application that can be served.

    Attributes:
        servers: those that can serve it.
        missing: why each of the others can't, with what to do.
        notes: what its user should know before figures come of it.
        outside: what it finds around it.
        seconds_per_request: on average over what is asked, by its weights.
    """

    app: App
    interpreter: Interpreter
    seen: Preflight
    servers: tuple[Server, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    outside: Outside
    seconds_per_request: float


def seconds_per_request(seen: Preflight, scenario: AskedScenario) -> float:
    """What a request takes, by what the first look saw and the weights of what is asked."""
    weights = {request.name: request.weight for request in scenario.requests}
    took = [(each.ms / 1000, weights[each.name]) for each in seen.answered]
    total = sum(weight for _, weight in took)
    return sum(seconds * weight for seconds, weight in took) / total if total else 0.0


def proxied(scenario: AskedScenario) -> bool:
    """Whether a request says what a proxy would."""
    every = (*scenario.login, *scenario.requests)
    return any(name.lower().startswith(_FORWARDED) for request in every for name, _ in request.headers)
