"""Tails in simulated runs, made of blocks of the reference runs: who is told apart, who is said to stall.

A simulated run has the rounds and blocks of a reference run. Each of its rounds is a real one of two servers,
chosen anew, with their names swapped by chance: what a restart does to one of them stays in its round, so
that blocks which aren't independent would show. The two of a false alarm are real twins. Those of which one
is planted slower are any two servers, one of them stretched until they are typically alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bench.analysis.estimate import LEVEL, Values
from bench.analysis.histogram import Histogram
from bench.analysis.hodges_lehmann import paired_shift
from bench.analysis.stalls import ANSWERS, LEAST_S, MEDIANS, SURE, more_often
from bench.analysis.stepdown import most_equal
from bench.analysis.tails import typical
from bench.model import Case, Deployment, Suite, Trial
from bench.store import load
from proof.evidence import Archive, Evidence
from proof.machine import ROOT

SHARES = {"p99": 0.99, "p95": 0.95}
SLOWER, MUCH_SLOWER = 1.3, 2.1
STANDSTILL_S, OF_THE_MACHINE, NOW_AND_THEN, RARELY = 0.05, 0.1, 0.04, 1 / 3
FALSE_AT_MOST = 0.065
"""Of a thousand runs of which one in twenty gives a false alarm, as good as never more do."""
RESTART_SD, FALSE_BY_RESTARTS_AT_MOST = 0.07, 0.08
LEAST = {"p99": 0.45, "p95": 0.7}
LEAST_AMONG_STANDSTILLS = 0.6
SAID_AT_LEAST, SAID_FALSELY_AT_MOST = 0.6, 0.02
_SERVERS = 5

Plant = Callable[[Values, np.random.Generator], Values]
"""What becomes of the response times of one trial, seconds."""


@dataclass(frozen=True)
class Pair:
    """Two servers: the response times of both in each block of each round, seconds."""

    rounds: tuple[tuple[tuple[Values, Values], ...], ...]
    twins: bool

    @property
    def blocks(self) -> list[tuple[Values, Values]]:
        """Of all rounds."""
        return [block for blocks in self.rounds for block in blocks]

    def made_alike(self, share: float) -> Pair:
        """The second one's times stretched until this quantile is typically the first one's."""
        over_blocks = paired_shift(differences(self.blocks, share))
        assert over_blocks is not None, "a reference run has blocks enough"
        factor = math.exp(over_blocks.mean)
        return Pair(tuple(tuple((a, b * factor) for a, b in blocks) for blocks in self.rounds), self.twins)


def prove(_archive: Archive, *, runs: int) -> Evidence:
    """Simulate so many runs with equal tails, and with each kind of longer ones."""
    pairs = [pair for suite in references() for pair in pairs_of(suite)]
    twins = [pair for pair in pairs if pair.twins]
    alike = {name: [pair.made_alike(share) for pair in pairs] for name, share in SHARES.items()}
    machine = standing_still(OF_THE_MACHINE)
    told: dict[str, tuple[float, float]] = {}
    for name, share in SHARES.items():
        told[f"twins {name}"] = told_apart(twins, share, runs)
        told[f"restarted {name}"] = told_apart(twins, share, runs, restart_sd=RESTART_SD)
        told[f"slower {name}"] = told_apart(alike[name], share, runs, times(SLOWER))
    told["much slower"] = told_apart(alike["p99"], SHARES["p99"], runs, times(MUCH_SLOWER), machine)
    told["own"] = told_apart(alike["p99"], SHARES["p99"], runs, standing_still(1.0))
    reached, in_ten = (
        f"{SLOWER} times: p99 {of['slower p99']:.0%}, p95 {of['slower p95']:.0%}; {MUCH_SLOWER} times among "
        f"standstills {of['much slower']:.0%}; own standstills {of['own']:.0%}"
        for of in ({name: shares[step] for name, shares in told.items()} for step in (0, 1))
    )
    return Evidence(
        reached=f"twins: p99 {told['twins p99'][0]:.1%}, p95 {told['twins p95'][0]:.1%}; with restarts: p99 "
        f"{told['restarted p99'][0]:.1%}, p95 {told['restarted p95'][0]:.1%}; {reached}",
        holds=all(
            told[f"twins {name}"][0] <= FALSE_AT_MOST
            and told[f"restarted {name}"][0] <= FALSE_BY_RESTARTS_AT_MOST
            and told[f"slower {name}"][0] >= LEAST[name]
            for name in SHARES
        )
        and told["much slower"][0] >= LEAST_AMONG_STANDSTILLS
        and told["own"][0] == 1,
        note="of one pair by itself, without the twins' margin; at the first step of all pairs of "
        f"{_SERVERS} servers {in_ten}",
        raw=told,
    )


def prove_stalls(_archive: Archive, *, runs: int) -> Evidence:
    """Simulate so many runs in which one server stands still by itself, and as many in which none does."""
    trials = [list(of.values()) for suite in references() for of in trials_of(suite).values()]
    said = {
        "own": said_to_stand_still(trials, runs, standing_still(RARELY)),
        "machine": said_to_stand_still(trials, runs, standing_still(0.0)),
    }
    return Evidence(
        reached=f"said of it {said['own']:.0%}, of a server like all others {said['machine']:.1%}",
        holds=said["own"] >= SAID_AT_LEAST and said["machine"] <= SAID_FALSELY_AT_MOST,
        raw=said,
    )


def references() -> list[Suite]:
    return [load(ROOT / "results/reference" / name) for name in ("compose", "local")]


def told_apart(
    pairs: Sequence[Pair], share: float, runs: int, *plants: Plant, restart_sd: float = 0.0, seed: int = 1
) -> tuple[float, float]:
    """The share of the runs that tell a pair apart, at its own 5 % and at the first step of a group's.

    Args:
        plants: the first is of one of the two, the others are of both.
        restart_sd: of the logarithm by which each restart moves all times of one against the other's.
    """
    draw = np.random.default_rng(seed)
    steps = (1 - LEVEL, (1 - LEVEL) / most_equal(_SERVERS, math.comb(_SERVERS, 2)))
    rejected = np.zeros(len(steps))
    for _ in range(runs):
        pair = pairs[int(draw.integers(len(pairs)))]
        rounds = []
        for _ in pair.rounds:
            swapped = draw.integers(2)
            restart = math.exp(restart_sd * draw.standard_normal())
            blocks = []
            for block in pair.rounds[draw.integers(len(pair.rounds))]:
                planted, plain = block[swapped], block[1 - swapped]
                for number, plant in enumerate(plants):
                    planted = plant(planted, draw)
                    plain = plant(plain, draw) if number else plain
                blocks.append((planted * restart, plain))
            rounds.append(blocks)
        apart = typical(
            {
                (number, block): difference
                for number, blocks in enumerate(rounds)
                for block, difference in enumerate(differences(blocks, share))
            }
        )
        assert apart is not None, "a reference run has rounds and blocks enough"
        rejected += [apart.p_value <= step for step in steps]
    alone, first = rejected / runs
    return float(alone), float(first)


def said_to_stand_still(
    servers: Sequence[Sequence[Values]], runs: int, own: Plant, *, seed: int = 1
) -> float:
    """The share of the runs that say of one server that it stands still more often than the others.

    Args:
        servers: the response times of all trials of each.
        own: what that one does by itself; the machine stands still for all.
    """
    draw = np.random.default_rng(seed)
    machine = standing_still(NOW_AND_THEN)
    said = 0
    for _ in range(runs):
        stalled = []
        for number in range(_SERVERS):
            trials = servers[int(draw.integers(len(servers)))]
            beyond_s = max(LEAST_S, MEDIANS * float(np.median(np.concatenate(trials))))
            run = [machine(trials[int(draw.integers(len(trials)))], draw) for _ in trials]
            run = run if number else [own(trial, draw) for trial in run]
            stalled.append((sum(int(np.sum(trial > beyond_s)) >= ANSWERS for trial in run), len(run)))
        others = [sum(column) for column in zip(*stalled[1:], strict=True)]
        said += more_often(*stalled[0], *others) <= SURE
    return said / runs


def times(factor: float) -> Plant:
    """Every answer takes so many times as long."""
    return lambda times_s, _draw: times_s * factor


def standing_still(share: float) -> Plant:
    """In this share of the trials, which take a second, all that is due in a standstill waits for its end."""

    def plant(times_s: Values, draw: np.random.Generator) -> Values:
        if draw.random() >= share:
            return times_s
        caught = draw.random(len(times_s)) < STANDSTILL_S
        return times_s + caught * draw.uniform(0, STANDSTILL_S, len(times_s))

    return plant


def differences(blocks: Sequence[tuple[Values, Values]], share: float) -> list[float]:
    """The logarithm of the ratio of two servers' quantiles, of each block."""
    return [math.log(_quantile(a, share) / _quantile(b, share)) for a, b in blocks]


def _quantile(times_s: Values, share: float) -> float:
    return float(np.quantile(times_s, share, method="inverted_cdf"))


def pairs_of(suite: Suite) -> list[Pair]:
    """Every two servers under open load, and each with its twin."""
    deployments = {deployment.name: deployment for deployment in suite.plan.deployments}
    trials = trials_of(suite)
    opened = [case for case in suite.plan.cases if case.id in trials]
    return [
        Pair(_rounds(trials[a.id], trials[b.id]), _server(deployments, a) == _server(deployments, b))
        for a, b in combinations(opened, 2)
    ]


def trials_of(suite: Suite) -> Mapping[str, Mapping[tuple[int, int], Values]]:
    """Of each case of open load the response times of each trial, by round and block."""
    opened: dict[str, dict[tuple[int, int], Values]] = {
        case.id: {} for case in suite.plan.cases if case.load.loop == "open"
    }
    for trial in suite.trials:
        if trial.case in opened:
            opened[trial.case][trial.round, trial.block] = times_s(trial)
    return opened


def times_s(trial: Trial) -> Values:
    """The response times of a trial, seconds."""
    latency = [encoded for kind, encoded in trial.histograms.items() if kind.startswith("latency/")]
    merged = Histogram.merge(latency)
    assert merged is not None, "a reference run has answers in each trial"
    seconds: Values = np.repeat(*merged.recorded())
    return seconds


def _rounds(
    a: Mapping[tuple[int, int], Values], b: Mapping[tuple[int, int], Values]
) -> tuple[tuple[tuple[Values, Values], ...], ...]:
    both = sorted(a.keys() & b.keys())
    rounds = dict.fromkeys(number for number, _ in both)
    return tuple(tuple((a[at], b[at]) for at in both if at[0] == number) for number in rounds)


def _server(deployments: Mapping[str, Deployment], case: Case) -> object:
    return deployments[case.deployment].server
