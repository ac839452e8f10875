"""What other programs used of the server's CPUs while trials counted.

It is said, and no figure is divided by it or left out for it: both move ratios. But a server that waits gives
its CPUs away with each wait, and one that doesn't wait keeps them (docs/decisions/076-who-comes-first.md): by
as much as others took unequally a ratio of throughputs may be off, and no less than that is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.analysis.estimate import Ratio
from bench.analysis.figure import Figure
from bench.analysis.figures import THROUGHPUT
from bench.analysis.measured import Measured, counting
from bench.model import Suite

ALIKE = 0.03
"""Shares of others that differ by no more than this are taken to be equal."""

_LEAST_LEFT = 0.01


def share(measured: Measured) -> float | None:
    """Of the time of the server's CPUs in a case's trials, what others used; None where that isn't known."""
    trials = [trial for trial in measured.trials if "others_s" in trial.host]
    whole_s = sum(trial.duration_s for trial in trials) * measured.server_cpus
    return max(0.0, sum(trial.host["others_s"] for trial in trials) / whole_s) if whole_s > 0 else None


def off_by(less: float, more: float) -> float:
    """By how much the ratio of two throughputs may be off, as a fraction, if others used such shares beside
    the two; 0 where these are alike.
    """
    if more - less <= ALIKE:
        return 0.0
    return (1 - less) / max(1 - more, _LEAST_LEFT) - 1


def beyond(least: float, figure: Figure[Measured], a: Measured, b: Measured, ratio: Ratio) -> float:
    """The margin of a comparison whose margin would be `least`: of two throughputs it is further off if
    others had more of the CPUs of the one that is slower.

    Args:
        ratio: the logarithm of a's figure over b's.
    """
    slower, faster = (a, b) if ratio.mean < 0 else (b, a)
    less, more = share(faster), share(slower)
    if figure.name != THROUGHPUT.name or less is None or more is None:
        return least
    return (1 + least) * (1 + off_by(less, more)) - 1


def used(suite: Suite) -> Mapping[str, float]:
    """Of each server whose trials say so, the share of the time of its CPUs, by the label of its cases: under
    closed load, which asks for all of it; of open load only where there is no other.

    Other servers of the run, idle meanwhile, count as others.
    """
    cpus = len(suite.environment.cpu_split.server)
    waiting = {case.id for case in suite.plan.cases if case.load.waits}
    labels = {case.id: case.server for case in suite.plan.cases}
    counts = counting(suite)
    others_s: dict[str, float] = {}
    whole_s: dict[str, float] = {}
    for trial in suite.trials:
        if counts(trial) and "others_s" in trial.host and (trial.case in waiting or not waiting):
            label = labels[trial.case]
            others_s[label] = others_s.get(label, 0.0) + trial.host["others_s"]
            whole_s[label] = whole_s.get(label, 0.0) + trial.duration_s * cpus
    return {label: max(0.0, others_s[label] / whole) for label, whole in whole_s.items() if whole > 0}


def who(suite: Suite) -> Mapping[str, float]:
    """The programs that stood out, by name, with the CPUs that each used on average over the measured rounds,
    the busiest first.
    """
    rounds = {trial.round for trial in suite.trials} or {0}
    cpus: dict[str, float] = {}
    for program in suite.others:
        cpus[program.name] = cpus.get(program.name, 0.0) + program.cpus / len(rounds)
    return dict(sorted(cpus.items(), key=lambda item: -item[1]))
