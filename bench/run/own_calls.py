"""A user's application called without a server, in its own interpreter, with environs of what is asked."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.catalogue.scenarios.asked import Mix
from bench.catalogue.scenarios.rendering import Prepared
from bench.catalogue.scenarios.request import SAFE
from bench.deploy.starting import Start
from bench.model import Learned, OwnCalls, OwnCost
from bench.model.counted import count
from bench.model.pages import accepted
from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.preflight.inside import Inside, Said
from bench.preflight.visitor import HOST

CPU_S, WALL_S = 0.3, 1.5
"""For so much CPU time, or so long, it is called in each round."""
# Until PyPy has compiled what is called.
_COMPILING_S = 2.0
_IMPORT_S = 30.0
_MOST_REQUESTS = 50
_FORMS = 8
_IDLE = 0.05


@dataclass(frozen=True)
class Recorded:
    """One request that can be called.

    Attributes:
        weight: how often it is sent, in all requests.
        forms: as `bench/preflight/child/calling.py` reads them; several where values are drawn.
    """

    name: str
    weight: float
    forms: tuple[Mapping[str, Any], ...]
    status: int | None


def recorded(asked: AskedScenario) -> tuple[tuple[Recorded, ...], tuple[str, ...], float]:
    """The requests of a scenario that can be called by themselves, the most frequent first; why others can't;
    and the weight of all requests that are sent.
    """
    mix = Mix(asked)
    rng = random.Random(0)
    captured = {capture.name for each in (*asked.requests, *asked.login) for capture in each.captures}
    steps: dict[str, Prepared] = {}
    weights: dict[str, float] = {}
    for chain in mix.chains:
        for step in chain:
            name = step.asked.name
            steps[name] = step
            weights[name] = weights.get(name, 0.0) + chain[-1].asked.weight
    can: list[Recorded] = []
    left: list[str] = []
    for name in sorted(steps, key=lambda name: -weights[name]):
        step = steps[name]
        if step.asked.method not in SAFE:
            left.append(f"{name} may write")
        elif captured & set(step.asked.uses):
            left.append(f"{name} needs a value from another answer")
        elif len(can) < _MOST_REQUESTS:
            values = [mix.values(rng, (step,)) for _ in range(_FORMS if step.asked.uses else 1)]
            forms = tuple(_form(step, each) for each in values)
            can.append(Recorded(name, weights[name], forms, step.asked.status))
    if len(steps) > len(can) + len(left):
        left.append(f"{count(len(steps) - len(can) - len(left), 'request')} of the rarest")
    return tuple(can), tuple(left), sum(weights.values())


def _form(step: Prepared, values: Mapping[str, str]) -> Mapping[str, Any]:
    request = step.request(values)
    headers = {"Host": request.host or HOST, "Accept": "*/*", **request.headers}
    return {
        "method": request.method,
        "path": request.path,
        "headers": list(headers.items()),
        "body": base64.b64encode(request.body).decode(),
    }


def called(
    number: int,
    project: Project,
    start: Start,
    asked: AskedScenario,
    learned: Sequence[Learned],
    cpus: Sequence[int],
    timeout_s: float,
    before: OwnCost,
) -> OwnCost:
    """What was known before, with the calls of this round; the first ones settle which requests are called.

    Args:
        start: of a server that serves it: its environment is the application's.
        learned: what the servers' answers were: what is answered otherwise without a server isn't counted.
    """
    requests, left, weight = recorded(asked)
    if before.calls:
        requests = tuple(request for request in requests if request.name in before.requests)
    if not requests:
        return replace(before, left_out=(*before.left_out, *left))
    said = _said(project, start, requests, cpus, timeout_s)
    if why := _unusable(said):
        return before if before.calls else replace(before, left_out=(*before.left_out, why))
    right: list[tuple[Recorded, Said]] = []
    for request, counted in zip(requests, said["counted"], strict=True):
        if why := _otherwise(request, counted, [page for page in learned if page.endpoint == request.name]):
            left = (*left, f"{request.name} {why}")
        else:
            right.append((request, counted))
    if any(_cpu_s(counted, said["idle"]) <= 0 for _, counted in right):
        why = "what its own threads do meanwhile takes more CPU time than its answers"
        return before if before.calls else replace(before, left_out=(*before.left_out, *left, why))
    names = tuple(request.name for request, _ in right)
    if before.calls and names != before.requests:
        return before
    if not right:
        return replace(before, left_out=(*before.left_out, *left))

    calls = OwnCalls(
        number,
        sum(counted["calls"] for _, counted in right),
        sum(request.weight * _cpu_s(counted, said["idle"]) for request, counted in right) / weight,
        sum(request.weight * counted["wait_s"] / counted["calls"] for request, counted in right) / weight,
    )
    return OwnCost(
        asked.name,
        (*before.calls, calls),
        min(1.0, sum(request.weight for request, _ in right) / weight),
        names,
        before.left_out if before.calls else (*before.left_out, *left),
        before.hello_s,
    )


def _cpu_s(counted: Said, idle: float) -> float:
    """Of a request, without what the application's threads do by themselves."""
    used_s: float = (counted["cpu_s"] - idle * counted["wall_s"]) / counted["calls"]
    return used_s


def _said(
    project: Project, start: Start, requests: Sequence[Recorded], cpus: Sequence[int], timeout_s: float
) -> Said:
    with TemporaryDirectory(prefix="wsgi-bench-own-") as scratch:
        try:
            with Inside(
                project, start.environment, Path(scratch), _IMPORT_S, watched=False, cpus=cpus
            ) as inside:
                about, loaded = inside.load()
                if loaded.get("kind"):
                    return loaded
                warm_s = _COMPILING_S if about["implementation"] == "PyPy" else CPU_S / 3
                order = {
                    "requests": [request.forms for request in requests],
                    "warm_s": warm_s,
                    "cpu_s": CPU_S,
                    "wall_s": WALL_S + 2 * warm_s,
                }
                # Each call may last as long as a request may; how many there are at most, the child sees to.
                return inside.ask(order, WALL_S + 2 * warm_s + 4 * timeout_s)
        except OSError as error:
            return {"kind": "no-python", "detail": error.strerror or ""}


def _unusable(said: Said) -> str:
    if said.get("kind"):
        return f"without a server the application can't be called ({said['kind']} {said.get('detail', '')})"
    idle: float = said["idle"]
    if idle > _IDLE:
        return f"the application uses {idle:.0%} of a CPU while nothing is asked of it"
    return ""


def _otherwise(request: Recorded, counted: Said, pages: Sequence[Learned]) -> str:
    """How it answered otherwise than behind a server; empty if it didn't."""
    if not counted["calls"]:
        return "would take too long"
    if counted["raised"]:
        return f"raises {counted['raised']} without a server"
    statuses = ", ".join(counted["statuses"]) or "nothing"
    right = {str(page.status) for page in pages} or ({str(request.status)} if request.status else set())
    if right and set(counted["statuses"]) - right:
        return f"answers {statuses} without a server, instead of {' or '.join(sorted(right))}"
    for page in pages:
        least, most = accepted(page)
        if not least <= counted["length"] <= most:
            return f"answers {counted['length']:,} bytes without a server, instead of {page.longest:,}"
    return ""
