"""What other programs used of the server's CPUs while trials counted.

It is said, and no figure is divided by it or left out for it: both move ratios.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.analysis.measured import counting
from bench.model import Suite


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
