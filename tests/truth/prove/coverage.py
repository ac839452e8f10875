"""How often a 95 % interval holds the truth, where rounds are made from those of a real run.

Were the blocks drawn one by one, they would be independent and all rounds alike: the model under which a t
interval is exact, so that nothing could fail. Real blocks follow the machine's mood, and some rounds are
noisier than others. So each simulated round is made of consecutive blocks of one real round of the same pair,
chosen anew for each (the circular block bootstrap, D. Politis and J. Romano, 1992), with its own tails and
skew. It can't be the real round as it was: that is known only around its own location, so its location would
be the truth exactly. Levels of restarts are normal; six real ones show no other shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bench.analysis.estimate import Effect, Values, paired
from bench.analysis.measured import Rounds, Share, measured
from bench.model import Suite
from bench.plan.layout import PROFILES
from tests.truth.prove.figures import block_differences, location
from tests.truth.prove.finding import Finding, Place
from tests.truth.prove.standard import Options, run

BOUNDS = (0.93, 0.97)
_TRUTH = math.log(1.05)
_PIECES = 3
"""A real round is taken apart into so many: long enough for a mood, short enough to vary."""


@dataclass(frozen=True)
class Spread:
    """How a logarithm varied in a real run.

    Attributes:
        rounds: the blocks of each real round in their order, around their own location.
        restart_sd: of the rounds' true levels.
    """

    rounds: tuple[Values, ...]
    restart_sd: float

    @property
    def block_sd(self) -> float:
        """Of all blocks around their round."""
        return float(np.concatenate(self.rounds).std())


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
    spreads = [[s.block_sd, s.restart_sd] for s in ratios.values()]
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
        rounds = [level + simulated_round(spread, profile.blocks, draw) for level in levels]
        found = _effect({r: dict(enumerate(blocks)) for r, blocks in enumerate(rounds)})
        assert found is not None, "the standard profile has several rounds"
        low, high = found.interval()
        held += low <= _TRUTH <= high
    return held / runs


def simulated_round(spread: Spread, blocks: int, draw: np.random.Generator) -> Values:
    """So many blocks in pieces of a real round; of a second one, and so on, where it has fewer."""
    found = np.empty(0)
    while len(found) < blocks:
        real = spread.rounds[draw.integers(len(spread.rounds))]
        length = math.ceil(len(real) / _PIECES)
        starts = draw.integers(len(real), size=_PIECES)
        piece = (starts[:, None] + np.arange(length)) % len(real)
        found = np.concatenate([found, real[piece].ravel()[: len(real)]])
    return found[:blocks]


def spread_of(rounds: Rounds) -> Spread | None:
    """What a real run's rounds show; None with fewer than two.

    The variance of a round's location is that of restarts and that of its blocks; what independent blocks
    give is taken off. What blocks share with their neighbours stays in it.
    """
    if len(rounds) < 2:
        return None
    series = [np.array([blocks[number] for number in sorted(blocks)]) for blocks in rounds.values()]
    locations = [location(blocks.tolist()) for blocks in series]
    residuals = tuple(blocks - at for blocks, at in zip(series, locations, strict=True))
    every = np.concatenate(residuals)
    size = len(every) / len(rounds)
    within = float(every.var(ddof=len(rounds))) if len(every) > len(rounds) else 0.0
    between = float(np.var(locations, ddof=1)) - within / size
    return Spread(residuals, math.sqrt(max(0.0, between)))


def _effect(rounds: Rounds) -> Effect | None:
    """As the harness estimates: a ratio to something that doesn't vary."""
    return paired(
        {r: {b: Share(math.exp(value), 1.0) for b, value in blocks.items()} for r, blocks in rounds.items()},
        {r: dict.fromkeys(blocks, Share(1.0, 1.0)) for r, blocks in rounds.items()},
    )


def _ratios(suite: Suite) -> dict[str, Spread]:
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    found = {}
    for (one, a), (other, b) in combinations(closed.items(), 2):
        if (spread := spread_of(block_differences(a, b))) is not None:
            found[f"{one} / {other}"] = spread
    return found


def _singles(suite: Suite) -> dict[str, Spread]:
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    return {name: spread for name, rounds in closed.items() if (spread := spread_of(rounds)) is not None}
