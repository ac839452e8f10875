"""Whether a case's figures may be used: one small check a reason.

A reason is "code: what was found, and what to do". The smoke profile claims nothing, so there only the
`SERIOUS` checks count: they tell what was answered wrongly, and what was not measured at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.analysis.drift import drift
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.analysis.outcomes import counts_of, error_rate, itemised, not_right
from bench.digits import a_second, significant
from bench.model import Counts, Failure, Suite, Trial, Verdict

MAX_ERROR_RATE = 0.001
MAX_DROPPED_IN_SMOKE = 0.05
MAX_GENERATOR_CPU = 0.8
MAX_CEILING_SHARE = 0.7
MAX_LATENESS_S = 0.002
MAX_LATENESS_SHARE = 0.1
LITTLE_TOLERANCE = 0.05
MAX_STALLED = 0.1
MIN_ROUNDS = 2

AT_FAULT = frozenset({"failed", "errors"})
"""Codes of the reasons that are the server's own fault."""


@dataclass(frozen=True)
class Facts:
    """What the checks look at.

    Attributes:
        counts: what became of its requests.
        others: the other cases of its group.
        failures: of this case's deployment.
    """

    suite: Suite
    measured: Measured
    counts: Counts
    others: Sequence[Measured]
    failures: tuple[Failure, ...]


NOT_MEASURED = "not-measured: the run ended before its first trial; `wsgi-bench resume` continues it"
NO_RIGHT_ANSWER = "no-right-answer: not one request was answered rightly; read the logs, and measure it again"

Check = Callable[[Facts], str | None]


def code(reason: str) -> str:
    """The short name of a reason, e.g. "generator-bound"."""
    return reason.split(":", 1)[0]


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
    facts = Facts(suite, measured, counts_of(measured.trials), others, failures)
    if not measured.trials:
        reasons: tuple[str | None, ...] = (_failed(facts) or NOT_MEASURED,)
    else:
        checks = SERIOUS + STATISTICAL if suite.plan.claims else SERIOUS
        reasons = tuple(check(facts) for check in checks)
    found = tuple(reason for reason in reasons if reason is not None)
    if not found and not facts.counts.ok:
        found = (NO_RIGHT_ANSWER,)
    return Verdict(not found, found)


def _failed(facts: Facts) -> str | None:
    if not facts.failures:
        return None
    first = facts.failures[0]
    where = f"in {len({f.round for f in facts.failures})} of {facts.suite.plan.rounds} rounds"
    return f"failed: {first.reason} (phase {first.phase}, {where}); see its log lines under Failures"


def _nothing_asked(facts: Facts) -> str | None:
    if facts.counts.offered:
        return None
    load, length = facts.measured.case.load, facts.suite.plan.trial_s
    number = len(facts.measured.trials)
    trials = f"{number} trial{'s' * (number != 1)}"
    if load.model == "closed":
        return (
            f"not-measured: no request ended in its {trials} of {length.closed:g} s; see the server's "
            f"log, and measure longer"
        )
    return (
        f"not-measured: no request was due in its {trials} of {length.open:g} s, since "
        f"{a_second(load.rate or 0.0)} is too seldom for that; use a higher --rate, or more --rounds"
    )


def _errors(facts: Facts) -> str | None:
    counts, rate = facts.counts, error_rate(facts.counts)
    # What was dropped the server was never asked. Where that happened, what still waited stood in line.
    blamed = counts.failed + (0 if _flooded(facts) else counts.unfinished)
    if rate is None or blamed <= MAX_ERROR_RATE * counts.offered:
        return None
    log = "the server's own log" if facts.suite.plan.runtime == "external" else "the server's log in logs/"
    return (
        f"errors: {rate * 100:.2f} % of the requests were not answered rightly "
        f"({itemised(counts)}); read {log}, and mend it or offer less load"
    )


def _overloaded(facts: Facts) -> str | None:
    """Dropped requests: none of them was answered wrongly, and the rate may have been too high for anyone."""
    counts, load = facts.counts, facts.measured.case.load
    if not _too_many(facts, counts.dropped - counts.dropped_late) or _beyond_generator(facts):
        return None
    asked = facts.suite.plan.rate is not None and load.share is None
    chosen = "as --rate asked" if asked else "the rate came from a short pilot"
    return (
        f"overloaded: it, or this machine, could not keep up with {a_second(load.rate or 0.0)} ({chosen}): "
        f"{not_right(counts):,} of {counts.offered:,} requests got no right answer ({itemised(counts)}), "
        f"since only {load.users} may be under way at once; offer less with --rate"
    )


def _flooded(facts: Facts) -> bool:
    return facts.counts.dropped > _max_dropped(facts)


def _too_many(facts: Facts, dropped: int) -> bool:
    """Whether these of the dropped requests are too many, by themselves or as the larger part of all."""
    return dropped > _max_dropped(facts) or (_flooded(facts) and dropped >= facts.counts.dropped / 2)


def _max_dropped(facts: Facts) -> float:
    """How many requests may be dropped; in smoke the hiccup of a busy machine is no news."""
    share = MAX_ERROR_RATE if facts.suite.plan.claims else MAX_DROPPED_IN_SMOKE
    return share * facts.counts.offered


def _balance(facts: Facts) -> str | None:
    broken = [t for t in facts.measured.trials if t.offered != t.ok + t.failed + t.dropped + t.unfinished]
    if not broken:
        return None
    return (
        f"balance: in {len(broken)} trials offered differs from ok + failed + dropped + unfinished; "
        f"that is a fault of the harness, please report it with the result"
    )


def _stalled(facts: Facts) -> str | None:
    measured = facts.measured
    closed = measured.case.load.model == "closed"
    empty = sum(trial.ok == 0 and (closed or trial.offered > 0) for trial in measured.trials)
    if empty:
        return (
            f"stalled: {empty} of {len(measured.trials)} trials had no right answer at all; "
            f"measure longer trials, or fewer users"
        )
    typical = median(trial.answers / trial.duration_s for trial in measured.trials)
    whole = measured.pooled_rate()
    if not closed or whole >= (1 - MAX_STALLED) * typical:
        return None
    return (
        f"stalled: over all trials it answered {a_second(whole)}, {1 - whole / typical:.0%} less than "
        f"in the usual one: it, or this machine, stood still at times; see the latency of open load"
    )


def _generator_behind(facts: Facts) -> str | None:
    """Open load that the generator itself could not offer."""
    counts, ceiling = facts.counts, _ceiling(facts)
    if ceiling and _beyond_generator(facts):
        return (
            f"generator-bound: {a_second(facts.measured.case.load.rate or 0.0)} were asked for, but the load "
            f"generator reaches {significant(ceiling)} by itself; lower --rate, or use more --processes on "
            f"more CPUs"
        )
    if not _too_many(facts, counts.dropped_late):
        return None
    return (
        f"generator-bound: {counts.dropped_late:,} of {counts.offered:,} requests were dropped because the "
        f"load generator itself was late; stop other programs, lower --rate, or give the generator more CPUs"
    )


def _beyond_generator(facts: Facts) -> bool:
    rate, ceiling = facts.measured.case.load.rate, _ceiling(facts)
    return rate is not None and ceiling is not None and rate > ceiling


def _ceiling(facts: Facts) -> float | None:
    """What the generator reaches by itself, on connections kept or not as this server keeps them."""
    calibration, counts = facts.suite.calibration, facts.counts
    if calibration is None:
        return None
    keeps = counts.connections < (counts.ok + counts.failed) / 2
    return calibration.keep_alive_rps if keeps else calibration.close_rps


def _generator(facts: Facts) -> str | None:
    measured, load = facts.measured, facts.measured.case.load
    advice = "so the figure is 'at least'; use fewer users, or more --processes on more CPUs"
    busy = median(trial.generator_cpu for trial in measured.trials)
    if busy > MAX_GENERATOR_CPU:
        return f"generator-bound: the load generator used {busy * 100:.0f} % of its CPU, {advice}"
    answers, ceiling = measured.total(_answers), _ceiling(facts)
    if ceiling and answers and load.model == "closed":
        rate = answers / measured.total(lambda t: t.duration_s)
        if rate > MAX_CEILING_SHARE * ceiling:
            return (
                f"generator-bound: {a_second(rate)} is {rate / ceiling * 100:.0f} % of what the load "
                f"generator reaches by itself ({significant(ceiling)}), {advice}"
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
    """Little's law: users = throughput x mean time, pooled over all trials.

    J. Little, "A Proof for the Queuing Formula L = lambda W", Operations Research 9, 1961. The mean is
    that of the answers that ended in the window, which blurs it by about one request a trial.
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
    return (
        f"little: throughput x mean time is {busy:.1f}, but {load.users} users were asking; requests were "
        f"lost or miscounted, or the generator couldn't keep all users busy; try fewer users"
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
    lost = facts.measured.total(
        lambda t: max(t.host.get("listen_drops", 0.0), t.host.get("listen_overflows", 0.0))
    )
    if not lost:
        return None
    return (
        f"backlog-overflow: the kernel refused {lost:.0f} connections because the server's listen queue was "
        f"full, which shows as times of 1 s and 3 s; raise its backlog and net.core.somaxconn, or use fewer "
        f"users"
    )


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


SERIOUS: tuple[Check, ...] = (_failed, _nothing_asked, _errors, _overloaded, _generator_behind, _balance)
STATISTICAL: tuple[Check, ...] = (_stalled, _generator, _little, _drift, _backlog, _too_few)
