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
from itertools import combinations

import numpy as np

from bench.analysis.cases import measured
from bench.analysis.estimate import Effect, Values, paired
from bench.analysis.shares import Rounds, Share
from bench.model import Suite
from bench.plan.layout import PROFILES
from proof.evidence import Archive, Evidence
from proof.figures import Spread, block_differences, spread_of
from proof.standard import Options, run

BOUNDS = (0.93, 0.97)
_TRUTH = math.log(1.05)
_PIECES = 3
"""A real round is taken apart into so many: long enough for a mood, short enough to vary."""


def prove(archive: Archive, *, runs: int, options: Options = ()) -> Evidence:
    """Simulate so many standard runs for ratios, and as many for single servers."""
    suite = run(archive, options)
    pairs, singles = ratios(suite), _singles(suite)
    if not pairs:
        return Evidence("", None, "the standard run measured fewer than two servers in two rounds")
    found = {
        "ratios": covered(pairs, runs, seed=1),
        "throughputs": covered(singles, runs, seed=2),
    }
    spreads = [[s.block_sd, s.restart_sd] for s in pairs.values()]
    within, between = np.median(np.array(spreads), axis=0)
    return Evidence(
        reached=", ".join(f"{share:.1%} of {runs:,} {what}" for what, share in found.items()),
        holds=all(BOUNDS[0] <= share <= BOUNDS[1] for share in found.values()),
        note=f"standard deviation of a ratio: {within:.1%} between blocks, {between:.1%} between restarts",
        raw={"covered": found, "block sd, restart sd": dict(zip(pairs, spreads, strict=True))},
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


def _effect(rounds: Rounds) -> Effect | None:
    """As the harness estimates: a ratio to something that doesn't vary."""
    return paired(
        {r: {b: Share(math.exp(value), 1.0) for b, value in blocks.items()} for r, blocks in rounds.items()},
        {r: dict.fromkeys(blocks, Share(1.0, 1.0)) for r, blocks in rounds.items()},
    )


def ratios(suite: Suite) -> dict[str, Spread]:
    """How the ratio of each pair varied under closed load, by their names."""
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    found = {}
    for (one, a), (other, b) in combinations(closed.items(), 2):
        if (spread := spread_of(block_differences(a, b))) is not None:
            found[f"{one} / {other}"] = spread
    return found


def _singles(suite: Suite) -> dict[str, Spread]:
    closed = {m.case.server: m.log_rates for m in measured(suite).values() if m.case.load.model == "closed"}
    return {name: spread for name, rounds in closed.items() if (spread := spread_of(rounds)) is not None}
