"""How often a 95 % interval holds the truth, where the truth is drawn with the variances of a real run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bench.analysis.estimate import Effect, hodges_lehmann, paired
from bench.analysis.measured import Rounds, measured
from bench.model import Suite
from bench.plan import PROFILES
from tests.truth.prove.finding import Finding, Place
from tests.truth.prove.standard import Options, run

BOUNDS = (0.93, 0.97)
_TRUTH = math.log(1.05)


@dataclass(frozen=True)
class Spread:
    """How a logarithm varied in a real run.

    Attributes:
        residuals: of the blocks around their round, with location 0: with their own tails.
        restart_sd: of the rounds' true levels.
    """

    residuals: np.typing.NDArray[np.float64]
    restart_sd: float


def prove(place: Place, *, runs: int, options: Options = ()) -> Finding:
    """Simulate so many standard runs for ratios, and as many for single servers."""
    suite = run(place, options)
    ratios, singles = _ratios(suite), _singles(suite)
    if not ratios:
        return Finding("", None, "the standard run measured fewer than two servers in two rounds")
    found = {
        "ratios": covered(ratios, runs, seed=1),
        "throughputs": covered(singles, runs, seed=2),
    }
    spreads = [[float(s.residuals.std()), s.restart_sd] for s in ratios.values()]
    within, between = np.median(np.array(spreads), axis=0)
    return Finding(
        reached=", ".join(f"{share:.1%} of {runs:,} {what}" for what, share in found.items()),
        holds=all(BOUNDS[0] <= share <= BOUNDS[1] for share in found.values()),
        note=f"standard deviation of a ratio: {within:.1%} between blocks, {between:.1%} between restarts",
        raw={"covered": found, "block sd, restart sd": dict(zip(ratios, spreads, strict=True))},
    )


def covered(spreads: Mapping[str, Spread], runs: int, seed: int) -> float:
    """The share of simulated runs whose interval holds the truth, the spreads taking turns."""
    draw = np.random.default_rng(seed)
    profile = PROFILES["standard"]
    turns = list(spreads.values())
    held = 0
    for number in range(runs):
        spread = turns[number % len(turns)]
        levels = draw.normal(_TRUTH, spread.restart_sd, profile.rounds)
        blocks = draw.choice(spread.residuals, (profile.rounds, profile.blocks))
        found = _effect({r: dict(enumerate(level + blocks[r])) for r, level in enumerate(levels)})
        assert found is not None, "the standard profile has several rounds"
        low, high = found.interval()
        held += low <= _TRUTH <= high
    return held / runs


def spread_of(rounds: Rounds) -> Spread | None:
    """What a real run's rounds show; None with fewer than two.

    The variance of a round's location is that of restarts and that of its blocks; what the blocks give
    (pi / 3 is the price of the Hodges-Lehmann estimator for normal values) is taken off.
    """
    if len(rounds) < 2:
        return None
    locations = [hodges_lehmann(list(blocks.values())) for blocks in rounds.values()]
    residuals = np.concatenate(
        [np.array(list(b.values())) - at for b, at in zip(rounds.values(), locations, strict=True)]
    )
    size = len(residuals) / len(rounds)
    within = float(residuals.var(ddof=len(rounds))) if len(residuals) > len(rounds) else 0.0
    between = float(np.var(locations, ddof=1)) - math.pi / 3 * within / size
    return Spread(residuals - hodges_lehmann(residuals.tolist()), math.sqrt(max(0.0, between)))


def _effect(rounds: Rounds) -> Effect | None:
    """As the harness estimates: a ratio to something that doesn't vary."""
    return paired(rounds, {r: dict.fromkeys(blocks, 0.0) for r, blocks in rounds.items()})


def _ratios(suite: Suite) -> dict[str, Spread]:
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    found = {}
    for (one, a), (other, b) in combinations(closed.items(), 2):
        rounds = {
            number: {
                block: a[number][block] - b[number][block] for block in a[number].keys() & b[number].keys()
            }
            for number in a.keys() & b.keys()
        }
        if (spread := spread_of({r: blocks for r, blocks in rounds.items() if blocks})) is not None:
            found[f"{one} / {other}"] = spread
    return found


def _singles(suite: Suite) -> dict[str, Spread]:
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    return {name: spread for name, rounds in closed.items() if (spread := spread_of(rounds)) is not None}
