"""Checks of the measurement: whether its figures say what they seem to."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from bench.analysis.checks.facts import CaseFacts, answers
from bench.analysis.disturbed import all_failed
from bench.analysis.drift import drift, drift_over_rounds
from bench.analysis.slow import SURE, excess, falsified, lasting_s
from bench.model import Trial

LITTLE_TOLERANCE = 0.05
MIN_ROUNDS = 2


def stalled(facts: CaseFacts) -> str | None:
    """Trials in which the server stood still; where all requests failed `errors` says so."""
    trials = facts.measured.kept
    waits = facts.measured.case.load.waits
    empty = sum(not (t.ok or t.answers) and (waits or t.offered > 0) and not all_failed(t) for t in trials)
    if not empty:
        return None
    return (
        f"{empty} of {len(trials)} trials had no right answer at all; measure longer trials, or fewer users"
    )


def little(facts: CaseFacts) -> str | None:
    """Little's law: users = throughput x mean time, pooled over all trials (`bench/analysis/slow.py`).

    How the window's edges fall blurs the mean by about one request a trial, and where some answers are slow
    chance decides how many of them a few trials hold.
    """
    load = facts.measured.case.load
    timed = [t for t in facts.measured.trials if t.mean_s is not None]
    window = sum(t.duration_s for t in timed)
    # One that has ended while it was asked is said to have failed.
    if not load.saturates or not timed or window <= 0 or facts.failures:
        return None
    busy = sum((t.answers + t.failed) * (t.mean_s or 0.0) for t in timed) / window
    tolerance = LITTLE_TOLERANCE + len(timed) / max(1, sum(map(answers, timed)))
    if abs(busy / load.at_once - 1) <= tolerance:
        return None
    if busy > load.at_once and all(t.begun is not None for t in timed):
        # `slow` judges that.
        return None
    own = excess(facts.measured)
    if own is not None and not own.missing(SURE):
        return None
    return (
        f"throughput x mean time is {busy:.1f}, but {load.at_once} users were asking; requests were "
        f"lost or miscounted, or the generator couldn't keep all users busy; try fewer users"
    )


def slow(facts: CaseFacts) -> str | None:
    excess = falsified(facts.suite.plan, facts.measured, facts.others)
    if excess is None:
        return None
    lasting = lasting_s(facts.measured)
    minutes = math.ceil(facts.suite.plan.counted_rounds * len(facts.suite.plan.cases) * 4 * lasting / 60)
    return (
        f"some answers take {lasting:.2g} s, and trials of "
        f"{facts.suite.plan.trial_s.closed:g} s hold too few of them: throughput is about "
        f"{excess.value:.0%} too high; give the run the time that they need, --minutes {max(minutes, 5)}"
    )


def drifting(facts: CaseFacts) -> str | None:
    case, others, during = facts.measured, facts.others, "a round's first block to its last"
    if not case.case.load.saturates:
        return None
    targets = facts.suite.plan.runtime == "external"
    if targets:
        # The twin of a target is the same server once more.
        others = [other for other in others if other.deployment.server != case.deployment.server]
    change = drift(case, others)
    if change is None and targets:
        change, during = drift_over_rounds(case, others), "the first round to the last"
    if change is None:
        return None
    against, whose = (" against that of the others", "") if others else ("", ", or this machine,")
    grows = "grows" if change < 0 else "is filled"
    instead = "" if targets else ", or measure one that has settled (--target)"
    return (
        f"throughput changes by {change * 100:+.0f} % from {during}{against}; the server{whose} had not "
        f"settled: look for what {grows} with each request{instead}"
    )


def backlog(facts: CaseFacts) -> str | None:
    advice = "raise its backlog and net.core.somaxconn, or use fewer users"
    # A container counts for itself; elsewhere the counters are of every program on the machine.
    own = facts.suite.plan.runtime == "compose"
    lost = facts.measured.total(lambda t: _refused(t) if own or t.syn_retransmits is None else 0.0)
    if lost:
        return (
            f"the kernel refused {lost:.0f} connections because the server's listen queue "
            f"was full, which shows as times of 1 s and 3 s; {advice}"
        )
    again = facts.measured.total(lambda t: t.syn_retransmits or 0)
    if not again:
        return None
    or_network = ", or packets were lost on the way" if _may_lose_packets(facts) else ""
    return (
        f"{again:.0f} {'connection' if again == 1 else 'connections'} had to be asked for "
        f"again, which takes 1 s or more: the server's listen queue was full{or_network}; {advice}"
    )


def _may_lose_packets(facts: CaseFacts) -> bool:
    """Whether there is, or may be, a network between: the server is elsewhere."""
    if facts.suite.plan.runtime != "external":
        return False
    url = facts.measured.deployment.server.environment.get("URL", "")
    host = urlsplit(url).hostname or ""
    return not (url.startswith("unix:") or host in ("localhost", "::1") or host.startswith("127."))


def _refused(trial: Trial) -> float:
    return max(trial.host.get("listen_drops", 0.0), trial.host.get("listen_overflows", 0.0))


def too_few(facts: CaseFacts) -> str | None:
    rounds = len({t.round for t in facts.measured.trials})
    minutes = facts.suite.plan.minutes
    if rounds < MIN_ROUNDS and minutes is not None:
        return (
            f"{rounds} round was all that --minutes {minutes:g} had time for, but how much a restart matters "
            f"needs {MIN_ROUNDS} or more; give it --minutes {2 * minutes:g} or more"
        )
    if rounds < MIN_ROUNDS:
        return (
            f"{rounds} round, but how much a restart matters needs {MIN_ROUNDS} or more; "
            f"run with --rounds {MIN_ROUNDS} or more (6 in the standard profile)"
        )
    histogram = facts.measured.latency
    if not facts.measured.case.load.saturates and (not histogram or histogram.percentile_s(0.5) is None):
        count = histogram.count if histogram else 0
        more = "more --users" if facts.measured.case.load.waits else "a higher --rate"
        return f"{count} answers are too few for a median; use {more} or more --rounds"
    return None
