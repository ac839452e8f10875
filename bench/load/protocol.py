"""What the harness and the load driver say to each other: one JSON object a line.

The harness sends an order and reads events until the order's last one:

| order | events |
| --- | --- |
| scenarios | done |
| targets | done |
| probe | probed |
| block | trial for each trial, then done |
| idle | idle |
| confined | confined |
| clock | clock |
| end | (the driver exits) |

`ready` is the driver's first event, `failed` may come in place of any other, with `short` where it had too
little of something itself (`bench.model.shortage`), with `refused` where a locust file can't be run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.model import Confinement, Learned, Sample, Target, Trial, TrialOrder, UsageSource
from bench.model.errors import StoreError
from bench.model.jsonable import parse
from bench.model.loads import restored
from bench.model.scenario import AskedScenario
from bench.model.shortage import found_in, sentence


@dataclass(frozen=True)
class Probed:
    """What a probe found.

    Attributes:
        right: whether every endpoint of the scenario was answered rightly.
        since_s: seconds that have passed since the last right answer. A time of day would be of a clock that
            can be set, and on another machine of another one.
        fault: the error kind, or "" if right.
        detail: what was asked and what came instead.
        received: how many bytes of the wrong answer came.
        learned: what is right of endpoints of which that wasn't known.
        sample: what right answers are like.
    """

    right: bool
    since_s: float
    fault: str
    detail: str
    received: int = 0
    learned: tuple[Learned, ...] = ()
    sample: Sample | None = None


def line(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def failed(error: Exception) -> Mapping[str, Any]:
    """The event that says what went wrong; `short` where this side had too little of something, `store` where
    it was Redis.
    """
    short = found_in(error)
    if short is not None:
        return {"event": "failed", "short": short, "reason": sentence(short)}
    if isinstance(error, StoreError):
        return {"event": "failed", "store": True, "reason": str(error)}
    return {"event": "failed", "reason": f"{type(error).__name__}: {error}"}


def scenarios_order(asked: Iterable[AskedScenario]) -> Mapping[str, Any]:
    return {"order": "scenarios", "scenarios": [asdict(scenario) for scenario in asked]}


def targets_order(targets: Sequence[Target], store: tuple[str, int] | None) -> Mapping[str, Any]:
    return {"order": "targets", "targets": [asdict(t) for t in targets], "store": store}


def probe_order(target: str, scenario: str, database: int | None, timeout_s: float) -> Mapping[str, Any]:
    return {
        "order": "probe",
        "target": target,
        "scenario": scenario,
        "database": database,
        "timeout_s": timeout_s,
    }


def block_order(trials: Sequence[TrialOrder]) -> Mapping[str, Any]:
    return {"order": "block", "trials": [asdict(t) for t in trials]}


def idle_order(seconds: float) -> Mapping[str, Any]:
    return {"order": "idle", "seconds": seconds}


def confined_order() -> Mapping[str, Any]:
    return {"order": "confined"}


def clock_order() -> Mapping[str, Any]:
    return {"order": "clock"}


def read_scenarios(values: Iterable[Any]) -> list[AskedScenario]:
    return [parse(AskedScenario, value, "scenario") for value in values]


def read_confinement(value: Mapping[str, Any] | None) -> Confinement | None:
    return None if value is None else Confinement(**{**value, "cpus": tuple(value["cpus"])})


def read_target(value: Mapping[str, Any]) -> Target:
    learned = _learned(value["learned"])
    lists = {name: tuple(value[name]) for name in ("addresses", "cpus")}
    return Target(**{**value, "usage": UsageSource(**value["usage"]), "learned": learned, **lists})


def read_probed(value: Mapping[str, Any]) -> Probed:
    learned = _learned(value["learned"])
    known = {name: value[name] for name in ("right", "since_s", "fault", "detail", "received")}
    sample = Sample(**value["sample"]) if value["sample"] is not None else None
    return Probed(**known, learned=learned, sample=sample)


def _learned(pages: Iterable[Mapping[str, Any]]) -> tuple[Learned, ...]:
    return tuple(Learned(**{**page, "cookies": tuple(page["cookies"])}) for page in pages)


def read_trial_order(value: Mapping[str, Any]) -> TrialOrder:
    return TrialOrder(**{**value, "load": restored(value["load"])})


def read_trial(value: Mapping[str, Any]) -> Trial:
    return Trial(**value)
