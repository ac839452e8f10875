"""Do trials of a tenth of a second tell the same ratios as long ones?"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from statistics import median

import numpy as np

from bench.ask.resolution import APPS_FILE
from bench.catalogue.registry import load_apps
from bench.catalogue.scenarios import SCENARIOS
from bench.model import Case, Plan, TrialLength
from bench.plan.blocks import block_orders
from bench.plan.layout import PROFILES, make_plan
from proof.evidence import Archive, Evidence
from proof.figures import location, near_one, of_ratios, ratio_words
from proof.machine import ROOT
from proof.stage import Stage, default_servers, stage

TOLERANCE = 0.02
_SCENARIO = "mixed"

Rates = Mapping[str, float]
"""server -> logarithm of its right answers a second, in one block"""


def prove(archive: Archive, *, cycles: int, short_blocks: int, long_s: float) -> Evidence:
    """Cycles of one block of long trials and `short_blocks` of short ones, which come first in turn."""
    directory = archive.runs("short-trials")
    plan = _plan()
    short_s = plan.trial_s.closed
    cases = [case for case in plan.cases if case.load.model == "closed"]
    differences: dict[tuple[str, str], list[float]] = {
        pair: [] for pair in combinations([case.server for case in cases], 2)
    }
    spreads: dict[float, list[list[Rates]]] = {short_s: [], long_s: []}
    with stage(directory) as on, on.deployed(directory, plan.deployments, _SCENARIO):
        _block(on, plan, cases, plan.warmup_s, -1)
        for cycle in range(cycles):
            lengths = [[long_s], [short_s] * short_blocks]
            random.Random(cycle).shuffle(lengths)
            got: dict[float, list[Rates]] = {long_s: [], short_s: []}
            for number, length_s in enumerate([*lengths[0], *lengths[1]]):
                got[length_s].append(_block(on, plan, cases, length_s, cycle * 1000 + number))
            for length_s, blocks in got.items():
                spreads[length_s].append(blocks)
            for pair, values in differences.items():
                long, short = (_location(got[length_s], pair) for length_s in (long_s, short_s))
                values += [math.exp(short - long)] if short is not None and long is not None else []
    silent = [f"{a} / {b}" for (a, b), values in differences.items() if not values]
    if silent:
        return Evidence("", None, f"never both answered in both kinds of trial: {', '.join(silent)}")
    found = {f"{a} / {b}": of_ratios(values) for (a, b), values in differences.items()}
    worst = max(found, key=lambda pair: abs(math.log(found[pair].value)))
    holds, note = near_one(found, TOLERANCE)
    varied = (
        f"the standard deviation of a ratio between a block and the next: {_varied(spreads[short_s]):.1%} of "
        f"short trials, {_varied(spreads[long_s]):.1%} of long ones, which are further apart"
    )
    return Evidence(
        reached=(
            f"the worst of {len(found)} pairs, {worst}: {ratio_words(found[worst])} of the long trials' ratio"
        ),
        holds=holds,
        note="; ".join(filter(None, [note, varied])),
        raw={pair: [e.value, e.low, e.high] for pair, e in found.items()},
    )


def _plan() -> Plan:
    shortly = load_apps(ROOT / APPS_FILE)["shortly"]
    profile = replace(PROFILES["standard"], twin=False)
    return make_plan(
        profile, "local", default_servers(), [(shortly, SCENARIOS[_SCENARIO])], seed=1, rate=None
    )


def _block(on: Stage, plan: Plan, cases: Sequence[Case], length_s: float, block: int) -> Rates:
    sized = replace(plan, trial_s=TrialLength(closed=length_s, open=length_s))
    servers = {case.id: case.server for case in cases}
    return {
        servers[trial.case]: math.log(trial.answers / trial.duration_s)
        for trial in on.driver.block(block_orders(sized, cases, 1, block, 0))
        if trial.answers > 0 and trial.duration_s > 0
    }


def _varied(cycles: Sequence[Sequence[Rates]]) -> float:
    """Standard deviation of a ratio's logarithm, from blocks and the next ones; the median over pairs.

    Neighbours, so that what changes over an hour isn't in it: the difference of independent blocks has twice
    the variance of one.
    """
    if all(len(blocks) < 2 for blocks in cycles):
        cycles = [[block for blocks in cycles for block in blocks]]
    servers = sorted({server for blocks in cycles for block in blocks for server in block})
    steps = {
        (a, b): [
            (two[a] - two[b]) - (one[a] - one[b])
            for blocks in cycles
            for one, two in pairwise(blocks)
            if {a, b} <= one.keys() & two.keys()
        ]
        for a, b in combinations(servers, 2)
    }
    return median(math.sqrt(float(np.mean(np.square(found))) / 2) for found in steps.values() if found)


def _location(blocks: Sequence[Rates], pair: tuple[str, str]) -> float | None:
    """The logarithm of the ratio of a pair, as the harness takes it: of what each reached over all blocks."""
    both = [block for block in blocks if block.keys() >= set(pair)]
    a, b = (location(block[server] for block in both) if both else None for server in pair)
    return a - b if a is not None and b is not None else None
