"""CPU a request of servers whose processes live briefly, in a cgroup and without one."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.ask.resolution import COMPOSE_FILE
from bench.catalogue.registry import load_servers
from bench.model import Closed, Deployment, Target, Trial, UsageSource
from bench.run.calibrate import NULL_DEPLOYMENT
from proof.evidence import Archive, Evidence
from proof.machine import ROOT
from proof.stage import USERS, Stage, flask_deployments, stage

TOLERANCE = 0.15
_FORKING = "forking"
_PLAIN, _RECYCLED = "gunicorn", "gunicorn-recycled"
_REQUESTS_A_WORKER = "200"
_TIMEOUT_S = 10.0

Costs = Mapping[str, float | None]
"""CPU seconds a request by how they were read; None where the harness gives no figure."""


def prove(archive: Archive, *, trials: int, length_s: float) -> Evidence:
    """So many trials of each server and each way of reading it."""
    directory = archive.runs("short-lived")
    with stage(directory) as on, on.deployed(directory, _deployments()) as targets:
        before = _counted(targets[_FORKING].url)
        costs = {name: _costs(on, target, trials, length_s) for name, target in targets.items()}
        after = _counted(targets[_FORKING].url)
    children, used_s = (after[name] - before[name] for name in ("children", "used_s"))
    return judged(costs, used_s / children)


def judged(costs: Mapping[str, Costs], true_s: float) -> Evidence:
    """Whether no figure is wrong: that of a server that counts for itself is near what it counted, and that
    of gunicorn, whose workers are replaced, isn't below what it is without that."""
    plain = costs[_PLAIN]
    bounds: dict[str, tuple[float, float]] = {}
    for how in costs[_FORKING]:
        bounds[f"{_FORKING}, {how}"] = (true_s * (1 - TOLERANCE), true_s * (1 + TOLERANCE))
        least_s = plain.get(how) or 0.0
        bounds[f"{_RECYCLED}, {how}"] = (least_s * (1 - TOLERANCE), float("inf"))
    said = {f"{name}, {how}": cost for name, of in costs.items() for how, cost in of.items()}
    wrong = [
        what
        for what, (low, high) in bounds.items()
        if (cost := said[what]) is not None and not low <= cost <= high
    ]
    known = [what for what in bounds if said[what] is not None]
    return Evidence(
        reached="; ".join(f"{what}: {_words(cost)}" for what, cost in said.items()),
        holds=not wrong if known else None,
        note=f"{_FORKING} counted {_words(true_s)}" + (f"; wrong: {'; '.join(wrong)}" if wrong else ""),
        raw={"said_s": said, "true_s": true_s},
    )


def _words(cost: float | None) -> str:
    return "absent" if cost is None else f"{cost * 1e3:.3f} ms"


def _deployments() -> list[Deployment]:
    forking = replace(
        NULL_DEPLOYMENT.server,
        name=_FORKING,
        title="a process a connection",
        command=("python", "-m", "proof.planted.forking"),
        keep_alive=False,
        stop_signal="SIGTERM",
    )
    plain = load_servers(ROOT / COMPOSE_FILE)[_PLAIN]
    recycled = replace(plain, name=_RECYCLED, command=(*plain.command, "--max-requests", _REQUESTS_A_WORKER))
    return [
        replace(NULL_DEPLOYMENT, name=_FORKING, server=forking),
        *flask_deployments([plain, recycled]),
    ]


def _costs(on: Stage, target: Target, trials: int, length_s: float) -> Costs:
    """What a request costs, by the cgroup that the runtime has made, if it could, and by its processes."""
    ways = {"processes": UsageSource("processes", pid=target.usage.pid)}
    if target.usage.kind.startswith("cgroup"):
        ways["cgroup"] = target.usage
    found: dict[str, list[Trial]] = {how: [] for how in ways}
    on.driver.set_targets([replace(target, deployment=how, usage=way) for how, way in ways.items()], None)
    for number in range(trials):
        for how in ways:
            asked = replace(target, deployment=how)
            found[how] += on.trials(asked, Closed(USERS), length_s, [str(number)])
    return {how: _cost(got) for how, got in found.items()}


def _cost(trials: Sequence[Trial]) -> float | None:
    """CPU time over answers, of the trials in which it could be read."""
    read = [trial for trial in trials if trial.cpu_s is not None]
    answers = sum(trial.answers for trial in read)
    return sum(trial.cpu_s or 0.0 for trial in read) / answers if answers else None


def _counted(url: str) -> Mapping[str, Any]:
    """What the forking server says of itself."""
    with urllib.request.urlopen(f"{url}/truth", timeout=_TIMEOUT_S) as reply:
        found: Mapping[str, Any] = json.load(reply)
    return found
