"""Whether a case's figures may be used: one small check a reason.

A reason is "code: what was found, and what to do". The smoke profile claims nothing, so there only the
`SERIOUS` checks count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from bench.analysis.answers import instead
from bench.analysis.drift import drift
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.analysis.slow import excess, how_sure, lasting_s
from bench.model import Failure, Suite, Trial, Verdict
from bench.shortage import OWN_KINDS, remedy
from bench.shortage import words as in_words

MAX_ERROR_RATE = 0.001
MAX_GENERATOR_CPU = 0.8
MAX_CEILING_SHARE = 0.7
MAX_LATENESS_S = 0.002
MAX_LATENESS_SHARE = 0.1
LITTLE_TOLERANCE = 0.05
MIN_ROUNDS = 2


@dataclass(frozen=True)
class Facts:
    """What the checks look at.

    Attributes:
        others: the other cases of its group.
        failures: of this case's deployment.
    """

    suite: Suite
    measured: Measured
    others: Sequence[Measured]
    failures: tuple[Failure, ...]


UNANSWERED = (
    "unanswered: no right answer was counted in any trial, and no wrong one either; measure longer trials, "
    "and look into the load driver's log"
)

Check = Callable[[Facts], str | None]


def code(reason: str) -> str:
    """The short name of a reason, e.g. "generator-bound"."""
    return reason.split(":", 1)[0]


def error_rate(measured: Measured) -> float | None:
    """The share of the requests that the server didn't answer rightly; None if it was asked nothing.

    That is: failed (unless the generator couldn't send it), never answered, dropped (unless the generator was
    late), and those that ended with a kept connection and had to be sent again.
    """
    wrong = measured.total(
        lambda t: t.failed - not_sent(t) + t.unfinished + t.dropped - t.dropped_late + resent(t)
    )
    asked = measured.total(lambda t: t.ok) + wrong
    return wrong / asked if asked else None


def not_sent(trial: Trial) -> int:
    """Requests that the generator couldn't send because it had too little of something itself."""
    return sum(trial.errors.get(kind, 0) for kind in OWN_KINDS)


def resent(trial: Trial) -> int:
    """Requests sent again because a connection that the server keeps otherwise ended without a word.

    Where it closes after each answer all the same, that is its way (uWSGI's http-socket), and no error.
    """
    return trial.lost if trial.connections < _answers(trial) / 2 else 0


def judge(suite: Suite, cases: Iterable[Measured]) -> Mapping[str, Verdict]:
    """Run every check that the profile asks for on each case, by id."""
    by_id = {measured.case.id: measured for measured in cases}
    groups = grouped(measured.case for measured in by_id.values())
    others = {
        case.id: [by_id[other.id] for other in group if other is not case]
        for group in groups.values()
        for case in group
    }
    return {id_: _judge(suite, measured, others[id_]) for id_, measured in by_id.items()}


def _judge(suite: Suite, measured: Measured, others: Sequence[Measured]) -> Verdict:
    failures = tuple(
        f for f in suite.failures if f.deployment == measured.deployment.name and f.phase != "stop"
    )
    facts = Facts(suite, measured, others, failures)
    if not measured.trials:
        reasons: tuple[str | None, ...] = (_failed(facts) or _not_measured(suite),)
    else:
        # Whoever lacked something was no load: that says all, and the other figures nothing.
        lacking = _limits(facts) is not None
        checks = SERIOUS if lacking or not suite.plan.claims else SERIOUS + STATISTICAL
        reasons = tuple(check(facts) for check in checks)
    found = tuple(reason for reason in reasons if reason is not None)
    if not found and not measured.total(lambda t: t.ok):
        found = (UNANSWERED,)
    return Verdict(not found, found)


def _not_measured(suite: Suite) -> str:
    if suite.complete and suite.plan.minutes is not None:
        return (
            f"not-measured: --minutes {suite.plan.minutes:g} were over before its first trial; give it more"
        )
    return "not-measured: the run ended before its first trial; `wsgi-bench resume` continues it"


def lacking(verdict: Verdict) -> bool:
    """Whether a case isn't valid only because the load generator itself had too little of something."""
    return {code(reason) for reason in verdict.reasons} == {"generator-limits"}


def _failed(facts: Facts) -> str | None:
    if not facts.failures:
        return None
    first = facts.failures[0]
    where = f"in {len({f.round for f in facts.failures})} of {facts.suite.plan.rounds} rounds"
    return f"failed: {first.reason} (phase {first.phase}, {where}); see its log lines under Failures"


def _limits(facts: Facts) -> str | None:
    measured, users = facts.measured, facts.measured.case.load.users
    lacked = {kind: sum(t.errors.get(kind, 0) for t in measured.trials) for kind in OWN_KINDS}
    found = [
        f"{in_words(kind)} for {number:,} {'request' if number == 1 else 'requests'}: {remedy(kind, users)}"
        for kind, number in lacked.items()
        if number
    ]
    if not found:
        return None
    return (
        f"generator-limits: the load generator itself had no {'; and no '.join(found)}, or use fewer users; "
        f"it says nothing about the server"
    )


def _errors(facts: Facts) -> str | None:
    rate = error_rate(facts.measured)
    if rate is None or rate <= MAX_ERROR_RATE:
        return None
    kinds: dict[str, int] = {}
    for trial in facts.measured.trials:
        for kind, count in trial.errors.items():
            if kind not in OWN_KINDS:
                kinds[kind] = kinds.get(kind, 0) + count
    kinds["dropped"] = int(facts.measured.total(lambda t: t.dropped - t.dropped_late))
    kinds["never answered"] = int(facts.measured.total(lambda t: t.unfinished))
    kinds["on kept connections that were closed"] = int(facts.measured.total(resent))
    named = ", ".join(
        f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda kv: -kv[1]) if count
    )
    log = "the server's own log" if facts.suite.plan.runtime == "external" else "the server's log in logs/"
    return (
        f"errors: {rate * 100:.2f} % of the requests were not answered rightly "
        f"({named or 'kinds not recorded'}){instead(facts.measured.trials)}; read {log}, and mend it or "
        f"offer less load"
    )


def _balance(facts: Facts) -> str | None:
    broken = [t for t in facts.measured.trials if t.offered != t.ok + t.failed + t.dropped + t.unfinished]
    if not broken:
        return None
    return (
        f"balance: in {len(broken)} trials offered differs from ok + failed + dropped + unfinished; "
        f"that is a fault of the harness, please report it with the result"
    )


def _stalled(facts: Facts) -> str | None:
    trials = facts.measured.trials
    empty = sum(trial.ok == 0 and trial.answers == 0 for trial in trials)
    if not empty:
        return None
    return (
        f"stalled: {empty} of {len(trials)} trials had no right answer at all; measure longer trials, or "
        f"fewer users"
    )


def _generator(facts: Facts) -> str | None:
    measured, load = facts.measured, facts.measured.case.load
    advice = "so the figure is 'at least'; use fewer users, or more --processes on more CPUs"
    busy = median(trial.generator_cpu for trial in measured.trials)
    if busy > MAX_GENERATOR_CPU:
        return f"generator-bound: the load generator used {busy * 100:.0f} % of its CPU, {advice}"
    calibration = facts.suite.calibration
    answers = measured.total(_answers)
    if calibration and answers and load.model == "closed":
        keeps = measured.total(lambda t: t.connections) < answers / 2
        ceiling = calibration.keep_alive_rps if keeps else calibration.close_rps
        rate = answers / measured.total(lambda t: t.duration_s)
        if rate > MAX_CEILING_SHARE * ceiling:
            return (
                f"generator-bound: {rate:,.0f} a second is {rate / ceiling * 100:.0f} % of what the load "
                f"generator reaches by itself ({ceiling:,.0f}), {advice}"
            )
    late_drops = measured.total(lambda t: t.dropped_late)
    if late_drops > MAX_ERROR_RATE * measured.total(lambda t: t.offered):
        return (
            f"generator-bound: {late_drops:.0f} requests were dropped because the load generator itself was "
            f"late; stop other programs, lower --rate, or give the generator more CPUs"
        )
    if load.model == "open" and measured.lateness and measured.latency:
        late, p99 = measured.lateness.quantile_s(0.99), measured.latency.quantile_s(0.99)
        if late > MAX_LATENESS_S and late > MAX_LATENESS_SHARE * p99:
            return (
                f"generator-bound: one request in a hundred was sent {late * 1e3:.1f} ms late or more, "
                f"against a p99 of {p99 * 1e3:.1f} ms; stop other programs, lower --rate, or give the "
                f"generator more CPUs"
            )
    return None


def _little(facts: Facts) -> str | None:
    """Little's law: users = throughput x mean time, pooled over all trials (`bench/analysis/slow.py`).

    How the window's edges fall blurs the mean by about one request a trial.
    """
    load = facts.measured.case.load
    timed = [t for t in facts.measured.trials if t.mean_s is not None]
    window = sum(t.duration_s for t in timed)
    if load.model == "open" or not timed or window <= 0:
        return None
    busy = sum((t.answers + t.failed) * (t.mean_s or 0.0) for t in timed) / window
    tolerance = LITTLE_TOLERANCE + len(timed) / max(1, sum(map(_answers, timed)))
    if abs(busy / load.users - 1) <= tolerance:
        return None
    if busy > load.users and all(t.begun is not None for t in timed):
        # `_slow` judges that.
        return None
    return (
        f"little: throughput x mean time is {busy:.1f}, but {load.users} users were asking; requests were "
        f"lost or miscounted, or the generator couldn't keep all users busy; try fewer users"
    )


def _slow(facts: Facts) -> str | None:
    found = excess(facts.measured)
    if found is None or not found.sure(how_sure(facts.suite.plan)):
        return None
    lasting = lasting_s(facts.measured)
    minutes = math.ceil(facts.suite.plan.rounds * len(facts.suite.plan.cases) * 4 * lasting / 60)
    return (
        f"slow-answers: some answers take {lasting:.2g} s, and trials of "
        f"{facts.suite.plan.trial_s.closed:g} s hold too few of them: throughput is about "
        f"{found.value:.0%} too high; give the run the time that they need, --minutes {max(minutes, 5)}"
    )


def _drift(facts: Facts) -> str | None:
    change = drift(facts.measured, facts.others) if facts.measured.case.load.model == "closed" else None
    if change is None:
        return None
    return (
        f"drifting: throughput changes by {change * 100:+.0f} % from a round's first block to its last"
        f"{' against that of the others' * bool(facts.others)}; the server had not settled, so measure "
        f"with a longer warm-up or look for a leak"
    )


def _backlog(facts: Facts) -> str | None:
    advice = "raise its backlog and net.core.somaxconn, or use fewer users"
    # A container counts for itself; elsewhere the counters are of every program on the machine.
    own = facts.suite.plan.runtime == "compose"
    lost = facts.measured.total(lambda t: _refused(t) if own or t.syn_retransmits is None else 0.0)
    if lost:
        return (
            f"backlog-overflow: the kernel refused {lost:.0f} connections because the server's listen queue "
            f"was full, which shows as times of 1 s and 3 s; {advice}"
        )
    again = facts.measured.total(lambda t: t.syn_retransmits or 0)
    if not again:
        return None
    or_network = ", or packets were lost on the way" if _may_lose_packets(facts) else ""
    return (
        f"backlog-overflow: {again:.0f} {'connection' if again == 1 else 'connections'} had to be asked for "
        f"again, which takes 1 s or more: the server's listen queue was full{or_network}; {advice}"
    )


def _may_lose_packets(facts: Facts) -> bool:
    """Whether there is, or may be, a network between: the server is elsewhere."""
    if facts.suite.plan.runtime != "external":
        return False
    host = urlsplit(facts.measured.deployment.server.environment.get("URL", "")).hostname or ""
    return not (host in ("localhost", "::1") or host.startswith("127."))


def _refused(trial: Trial) -> float:
    return max(trial.host.get("listen_drops", 0.0), trial.host.get("listen_overflows", 0.0))


def _too_few(facts: Facts) -> str | None:
    rounds = len({t.round for t in facts.measured.trials})
    if rounds < MIN_ROUNDS:
        return (
            f"too-few: {rounds} round, but how much a restart matters needs {MIN_ROUNDS} or more; "
            f"run with --rounds {MIN_ROUNDS} or more (6 in the standard profile)"
        )
    histogram = facts.measured.latency
    if facts.measured.case.load.model == "open" and (not histogram or histogram.percentile_s(0.5) is None):
        count = histogram.count if histogram else 0
        return f"too-few: {count} answers are too few for a median; use a higher --rate or more --rounds"
    return None


def _answers(trial: Trial) -> int:
    return trial.ok + trial.failed


SERIOUS: tuple[Check, ...] = (_failed, _limits, _errors)
STATISTICAL: tuple[Check, ...] = (_balance, _stalled, _generator, _little, _slow, _drift, _backlog, _too_few)
