"""A standard run beside a program that burns a CPU and one that compiles, held against a quiet one."""

from __future__ import annotations

import inspect
import math
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from bench.analysis import analyse, other_programs
from bench.analysis.cases import measured
from bench.analysis.estimate import Ratio
from bench.analysis.figures import THROUGHPUT
from bench.machine import process
from bench.model import Suite
from bench.report.processes import priority
from proof import standard
from proof.evidence import Archive, Evidence
from proof.machine import ROOT
from proof.runs import harness_run

TOLERANCE = 0.03
_BLAMED = frozenset({"generator-bound", "backlog-overflow"})
_BURN = "while True: pass"
# As a compiler is started: a process for each file, which lives for a fraction of a second.
_COMPILE = f"""
import subprocess, sys
one = "compile(open({inspect.__file__!r}).read(), 'one', 'exec')"
while True: subprocess.run([sys.executable, "-c", one])
"""


def prove(archive: Archive, *, options: standard.Options = ()) -> Evidence:
    """The same run twice; the quiet one is shared with other claims."""
    quiet = standard.run(archive, options)
    directory = archive.runs("busy")
    with disturbed():
        busy = harness_run(directory, "--runtime", "local", "--seed", "1", *options, whole=True)
    return judged(quiet, busy)


@contextmanager
def disturbed() -> Iterator[None]:
    """Have both programs run meanwhile, each in a session of its own, on whatever CPU they get."""
    with ExitStack() as stack:
        for code in (_BURN, _COMPILE):
            child = process.spawn([sys.executable, "-c", code], environment=os.environ, cwd=ROOT)
            stack.callback(process.stop, child, signal.SIGKILL, 0.0)
        yield


def judged(quiet: Suite, busy: Suite) -> Evidence:
    """Whether the busy run says what the quiet one does, and who was there."""
    before, now = _ratios(quiet), _ratios(busy)
    off = {pair: _off(before[pair], now[pair]) for pair in before.keys() & now.keys()}
    if not off:
        return Evidence("", None, "no pair of servers has an interval in both: they need two rounds")
    worst = max(off, key=lambda pair: abs(off[pair][0]) / off[pair][1])
    blamed = [
        f"{case} is {finding.code}"
        for case, verdict in analyse(busy).verdicts.items()
        for finding in verdict.findings
        if finding.code in _BLAMED
    ]
    named, shares = other_programs.who(busy), other_programs.used(busy)
    notes = [
        *blamed,
        *([] if named else ["the report names nobody"]),
        f"priority of server / generator / Redis: {priority(busy) or 'not asked for'}",
        f"of the server's CPU others used {max(shares.values(), default=0.0):.0%}, "
        f"in the quiet run {max(other_programs.used(quiet).values(), default=0.0):.0%}",
    ]
    return Evidence(
        reached=f"the worst of {len(off)} pairs, {worst}: {off[worst][0]:+.1%}, ±{off[worst][1]:.1%} allowed",
        holds=all(abs(change) <= allowed for change, allowed in off.values()) and not blamed and bool(named),
        note="; ".join(notes),
        raw=off,
    )


def _ratios(suite: Suite) -> Mapping[str, Ratio]:
    """Of each ranked server's throughput to that of the first."""
    first, *rest = (
        case
        for case in measured(suite).values()
        if case.case.load.waits and case.deployment.variant.kind.ranked
    )
    found = {
        f"{case.case.server} / {first.case.server}": THROUGHPUT.read.paired(case, first) for case in rest
    }
    return {pair: effect for pair, effect in found.items() if effect is not None}


def _off(before: Ratio, now: Ratio) -> tuple[float, float]:
    """By how much a ratio has changed, and by how much it may: 3 % and the interval of the change."""
    halves = [(effect.interval()[1] - effect.interval()[0]) / 2 for effect in (before, now)]
    return math.expm1(now.mean - before.mean), TOLERANCE + math.expm1(math.hypot(*halves))
