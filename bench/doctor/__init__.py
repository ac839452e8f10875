"""What on this machine would spoil a run, why, and what to do about it.

Facts are read in one place (`facts.py`); every check is a pure function from them to a `Finding`.
"""

from __future__ import annotations

from bench.doctor import cpu, network, system
from bench.doctor.facts import Facts, read_facts
from bench.model.finding import Finding

__all__ = ["CHECKS", "Facts", "examine", "for_programs", "notes", "read_facts"]

CHECKS = (*cpu.CHECKS, *system.CHECKS, *network.CHECKS)
# What containers on another machine have nothing of.
_OF_THE_HARNESS = (system.open_files, system.redis_server, system.python_build)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """One finding a check, in the order of `CHECKS`."""
    return tuple(check(facts) for check in CHECKS)


def notes(facts: Facts, runtime: str = "", elsewhere: bool = False) -> tuple[str, ...]:
    """Short sentences on what should be known beside a result: the warnings and problems among the findings.

    With `read_facts(..., quick=True)` it takes milliseconds and says nothing of what has to be sampled.

    Args:
        runtime: of the run: CPUs are dealt out to servers that it starts.
        elsewhere: whether servers and load generator are on another machine, of which the facts are.
    """
    left_out = (*((cpu.cpus,) if runtime == "external" else ()), *(_OF_THE_HARNESS if elsewhere else ()))
    findings = (check(facts) for check in CHECKS if check not in left_out)
    return tuple(str(finding) for finding in findings if finding.severity in ("warning", "problem"))


def for_programs(finding: Finding) -> dict[str, str]:
    """As `wsgi-bench doctor --json` has it."""
    return {
        "name": finding.code,
        "state": finding.severity,
        "found": finding.text,
        "why": finding.why,
        "fix": finding.fix,
    }
