"""Checks of the load generator: whether the load was what it should have been."""

from __future__ import annotations

from statistics import median

from bench.analysis.checks.facts import CaseFacts, answers, too_many
from bench.analysis.lateness import too_late
from bench.model import Ceiling
from bench.model.digits import a_second, significant
from bench.model.pages import answers_in_words
from bench.model.shortage import OWN_KINDS, remedy
from bench.model.shortage import words as in_words

MAX_GENERATOR_CPU = 0.8
MAX_CEILING_SHARE = 0.7


def limits(facts: CaseFacts) -> str | None:
    users = facts.measured.case.load.at_once
    lacked = {kind: facts.counts.errors.get(kind, 0) for kind in OWN_KINDS}
    short_of = [
        f"{in_words(kind)} for {number:,} {'request' if number == 1 else 'requests'}: {remedy(kind, users)}"
        for kind, number in lacked.items()
        if number
    ]
    if not short_of:
        return None
    return (
        f"the load generator itself had no {'; and no '.join(short_of)}, or use fewer users; "
        f"it says nothing about the server"
    )


def generator_behind(facts: CaseFacts) -> str | None:
    """Open load that the generator itself could not offer."""
    counts, ceiling = facts.counts, _ceiling(facts)
    if ceiling and beyond_generator(facts):
        return (
            f"{a_second(facts.measured.case.load.rate or 0.0)} were asked for, but the load "
            f"generator reaches {_alone(facts, ceiling)} by itself; lower --rate, or use {_more(facts)}"
        )
    if not too_many(facts, counts.dropped_late):
        return None
    return (
        f"{counts.dropped_late:,} of {counts.offered:,} requests were dropped because the "
        f"load generator itself was late; stop other programs, lower --rate, or give the generator more CPUs"
    )


def beyond_generator(facts: CaseFacts) -> bool:
    """Whether the rate asked for is more than the generator reaches by itself."""
    rate, ceiling = facts.measured.case.load.rate, _ceiling(facts)
    return rate is not None and ceiling is not None and rate > ceiling


def generator(facts: CaseFacts) -> str | None:
    measured, load = facts.measured, facts.measured.case.load
    if facts.suite.plan.locust is None:
        advice = f"so the figure is 'at least'; use fewer users, or {_more(facts)}"
    else:
        advice = (
            "so its times are the client's as much as the server's; use fewer users, or FastHttpUser where "
            "the locust file has HttpUser"
        )
    busy = median(trial.generator_cpu for trial in measured.trials)
    if busy > MAX_GENERATOR_CPU:
        return f"the load generator used {busy * 100:.0f} % of its CPU, {advice}"
    number, ceiling = measured.total(answers), _ceiling(facts)
    if ceiling and number and load.waits:
        rate = number / measured.total(lambda t: t.duration_s)
        if rate > MAX_CEILING_SHARE * ceiling:
            return (
                f"{a_second(rate)} is {rate / ceiling * 100:.0f} % of what the load "
                f"generator reaches by itself ({_alone(facts, ceiling)}), {advice}"
            )
    if not load.waits and measured.lateness and measured.latency:
        late, p99 = measured.lateness.quantile_s(0.99), measured.latency.quantile_s(0.99)
        if too_late(measured.lateness, measured.latency):
            return (
                f"one request in a hundred was sent {late * 1e3:.1f} ms late or more, "
                f"against a p99 of {p99 * 1e3:.1f} ms; stop other programs, lower --rate, or give the "
                f"generator more CPUs"
            )
    return None


def _more(facts: CaseFacts) -> str:
    elsewhere = facts.suite.plan.generators
    return "more --generators" if elsewhere else "more --processes on more CPUs"


def _ceiling(facts: CaseFacts) -> float | None:
    """What the generator reaches by itself, on connections kept or not as this server keeps them."""
    ceiling, counts = _calibrated(facts), facts.counts
    if ceiling is None:
        return None
    keeps = counts.connections < (counts.ok + counts.failed) / 2
    return ceiling.keep_alive_rps if keeps else ceiling.close_rps


def _calibrated(facts: CaseFacts) -> Ceiling | None:
    case, calibration = facts.measured.case, facts.suite.calibration
    return calibration.of(case.app, case.scenario) if calibration is not None else None


def _alone(facts: CaseFacts, ceiling: float) -> str:
    """What it reaches, with the answers that this was found with."""
    calibrated = _calibrated(facts)
    sample = calibrated.sample if calibrated is not None else None
    return significant(ceiling) + (f" with {answers_in_words(sample)}" if sample is not None else "")
