"""How often the interval of a ratio holds the long run's, where one server has slow answers: in virtual time.

The scenes are those that are measured live (`slow_answers`), where a few runs tell nothing of coverage, and
some in which users spend most of their time in slow answers of equal length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.analysis.estimate import Ratio
from proof.evidence import Archive, Evidence
from proof.slow_answers import PLAIN, SCENES, service_of
from proof.virtual.run import Service, effect, tail

BOUNDS = (0.93, 0.97)
LEAST = 0.91
"""Of each scene alone: a thousand runs of 95 % may have 93 %, and of one scene in ten less."""
FEWEST_VALID = 0.5


@dataclass(frozen=True)
class Coverage:
    """Of the simulated runs of one scene.

    Attributes:
        valid: the share of the runs that call the slow server valid. The others are in no figure.
        held: the share of the intervals that hold the truth.
        bias: mean error of the ratio's logarithm.
        half_width: of the logarithm's interval, in the median.
    """

    truth: float
    valid: float
    held: float
    bias: float
    half_width: float

    def __str__(self) -> str:
        return f"{self.held:.1%} (bias {self.bias:+.1%}, half of it ±{math.expm1(self.half_width):.0%})"


def services() -> Mapping[str, tuple[Service, Service]]:
    """Scene to its slow server and its plain one. Close and two processes change nothing here."""
    live = {
        scene.name: (service_of(slow), service_of(scene.plants[PLAIN]))
        for scene in SCENES
        if not scene.options
        for name, slow in scene.plants.items()
        if name != PLAIN
    }
    return {
        **live,
        "three quarters of the time": (tail(0.01, 0.3, 0.001), tail(0.0, 0.3, 0.001)),
        "five sixths of the time": (tail(0.01, 1.0, 0.002), tail(0.0, 1.0, 0.002)),
        "nineteen twentieths of the time": (tail(0.05, 1.0, 0.0025), tail(0.0, 1.0, 0.0025)),
    }


def prove(_archive: Archive, *, runs: int) -> Evidence:
    """So many simulated standard runs of each scene."""
    names = list(services())
    with ProcessPoolExecutor() as pool:
        found = dict(zip(names, pool.map(partial(_of_scene, runs=runs), names), strict=True))
    whole = float(np.mean([one.held for one in found.values()]))
    least = min(one.held for one in found.values())
    return Evidence(
        reached=f"{whole:.1%} of {len(found) * runs:,} runs: "
        + ", ".join(f"{name} {one}" for name, one in found.items()),
        holds=BOUNDS[0] <= whole <= BOUNDS[1]
        and least >= LEAST
        and all(one.valid >= FEWEST_VALID for one in found.values()),
        note="of the runs that call the case valid: "
        + ", ".join(f"{one.valid:.0%}" for one in found.values()),
        raw={name: vars(one) for name, one in found.items()},
    )


def _of_scene(name: str, runs: int) -> Coverage:
    # Services draw by functions of their own, which no other process can be sent.
    return coverage(*services()[name], runs=runs)


def coverage(slow: Service, plain: Service, *, runs: int) -> Coverage:
    """Of so many runs, with the seeds from 1 on."""
    effects = [effect(slow, plain, seed) for seed in range(1, runs + 1)]
    valid = [one for one in effects if one is not None]
    truth = math.log(slow.long_run_rps / plain.long_run_rps)
    return Coverage(
        truth=math.exp(truth),
        valid=len(valid) / runs,
        held=float(np.mean([_holds(one, truth) for one in valid])) if valid else 0.0,
        bias=float(np.mean([one.mean - truth for one in valid])) if valid else 0.0,
        half_width=float(np.median([one.interval()[1] - one.mean for one in valid])) if valid else 0.0,
    )


def _holds(found: Ratio, truth: float) -> bool:
    low, high = found.interval()
    return low <= truth <= high
