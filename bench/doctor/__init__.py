"""What on this machine would spoil a run, why, and what to do about it.

Facts are read in one place (`facts.py`); every check is a pure function from them to a `Finding`.
"""

from __future__ import annotations

from bench.doctor import cpu, network, system
from bench.doctor.facts import Facts, read_facts
from bench.model.finding import Finding

__all__ = ["CHECKS", "Facts", "examine", "for_programs", "notes", "read_facts"]

CHECKS = (*cpu.CHECKS, *system.CHECKS, *network.CHECKS)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """One finding a check, in the order of `CHECKS`."""
    return tuple(check(facts) for check in CHECKS)


def notes(facts: Facts, *, deploys: bool = True) -> tuple[str, ...]:
    """Short sentences on what should be known beside a result: the warnings and problems among the findings.

    With `read_facts(..., quick=True)` it takes milliseconds and says nothing of what has to be sampled.

    Args:
        deploys: whether the run starts its servers, so that CPUs are dealt out to them.
    """
    checks = CHECKS if deploys else tuple(check for check in CHECKS if check is not cpu.cpus)
    findings = (check(facts) for check in checks)
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
