"""How often a ratio's 95 % interval holds the truth, where a run ends once that interval is narrow enough.

Rounds are made of pieces of real ones, as in `coverage`, from the committed reference results; what a restart
moves is normal, with spreads from none to more than blocks imply. One pair decides alone when its run ends:
of several, the widest has to be lucky, and the others are none the worse for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from bench.analysis import caution
from bench.analysis.estimate import effect
from bench.analysis.known import Known
from bench.analysis.shares import Share
from bench.plan.layout import PROFILES
from bench.plan.more_rounds import MOST_ROUNDS
from bench.store import load
from proof.coverage import ratios, simulated_round
from proof.evidence import Archive, Evidence
from proof.figures import Spread, location
from proof.machine import ROOT

LEAST, LEAST_OF_EACH = 0.95, 0.93
"""Of all, and of each scene: a thousand runs of 95 % may have 93.6 %."""
RESTARTS = (0.0, 0.02, 0.06)
ASKED = (0.02, 0.03, 0.05)


@dataclass(frozen=True)
class Scene:
    """What simulated runs are made of.

    Attributes:
        spreads: of the pairs of a real run, which take turns.
        restart_sd: standard deviation of what a restart moves the logarithm of a ratio by.
        within: what the runs are asked for.
    """

    spreads: tuple[Spread, ...]
    restart_sd: float
    within: float


@dataclass(frozen=True)
class Ended:
    """Of the runs of one scene.

    Attributes:
        held: the share of the intervals that hold the truth.
        rounds: that the runs took, in the median.
    """

    held: float
    rounds: float


def scenes() -> dict[str, Scene]:
    """By what tells them apart."""
    made = {}
    for runtime in ("local", "compose"):
        spreads = tuple(ratios(load(ROOT / "results/reference" / runtime)).values())
        for restart_sd, within in product(RESTARTS, ASKED):
            name = f"{runtime}, restarts {restart_sd:.0%}, asked {within:.0%}"
            made[name] = Scene(spreads, restart_sd, within)
    return made


def prove(_archive: Archive, *, runs: int) -> Evidence:
    """So many simulated runs of each scene, with intervals as they are, and as of runs of any other kind."""
    by_scene = {name: ended(scene, runs) for name, scene in scenes().items()}
    without = [ended(scene, runs, cautious=False).held for scene in scenes().values()]
    held = [runs_of.held for runs_of in by_scene.values()]
    rounds = [runs_of.rounds for runs_of in by_scene.values()]
    worst = min(by_scene, key=lambda name: by_scene[name].held)
    return Evidence(
        reached=f"{np.mean(held):.1%} of {len(by_scene) * runs:,} runs, from {min(held):.1%} ({worst}) to "
        f"{max(held):.1%}",
        holds=float(np.mean(held)) >= LEAST and min(held) >= LEAST_OF_EACH,
        note=f"with intervals as of other runs {np.mean(without):.1%}, at worst {min(without):.1%}; "
        f"{min(rounds):g} to {max(rounds):g} rounds in the median",
        raw={name: vars(runs_of) for name, runs_of in by_scene.items()},
    )


def ended(scene: Scene, runs: int, *, cautious: bool = True) -> Ended:
    """So many runs, with the seeds from 0 on."""
    made = [_run(scene, seed, cautious=cautious) for seed in range(runs)]
    return Ended(float(np.mean([held for held, _ in made])), float(np.median([number for _, number in made])))


def _run(scene: Scene, seed: int, *, cautious: bool) -> tuple[bool, int]:
    """Whether its interval holds the truth, a ratio of 1, and after how many rounds it ended."""
    levels: list[float] = []
    variances: list[float] = []
    for level, variance in _rounds(scene, seed):
        levels.append(level)
        variances.append(variance)
        ratio = effect(levels, caution.least_error(variances) if cautious else None)
        if ratio is None:
            continue
        low, high = ratio.interval()
        number = len(levels)
        if Known(math.expm1(high - ratio.mean), number).enough(scene.within) or number == MOST_ROUNDS:
            return low <= 0 <= high, number
    raise AssertionError("rounds don't end by themselves")


def _rounds(scene: Scene, seed: int) -> Iterator[tuple[float, float]]:
    """The logarithm of each round's ratio, and the variance that its blocks imply."""
    draw = np.random.default_rng(seed)
    spread = scene.spreads[seed % len(scene.spreads)]
    blocks = PROFILES["standard"].blocks
    ones = {1: dict.fromkeys(range(blocks), Share(1.0, 1.0))}
    while True:
        values = simulated_round(spread, blocks, draw)
        shares = {1: {number: Share(math.exp(value), 1.0) for number, value in enumerate(values)}}
        level = location(values.tolist()) + draw.normal(0, scene.restart_sd)
        yield level, caution.of_ratio(shares, ones) ** 2
