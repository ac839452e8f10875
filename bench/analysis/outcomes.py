"""What became of a case's requests: counted here alone, and called the same in every message and report.

    offered = ok + failed + dropped + unfinished

In words: answered rightly; failed, by kind; dropped; never answered. Beside them stands how many were sent
again on a new connection, because the server had ended the kept one without a word: no error, since they were
answered like the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.model import Counts, Trial

NEVER_ANSWERED = "never answered"
DROPPED = "dropped as too many were under way"
DROPPED_LATE = "dropped as the generator was late"
SENT_AGAIN = "sent again (no error)"
NOT_ACCOUNTED = "not accounted for"
_NOT_RECORDED = "failed, kind not recorded"

_WORDS = {
    "status": "wrong status",
    "location": "wrong Location",
    "type": "wrong content type",
    "length": "wrong length",
    "body": "wrong body",
    "header": "wrong header field",
    "json": "wrong value in JSON",
    "capture": "nothing to take",
    "malformed": "not valid HTTP",
    "excess": "bytes beyond the answer",
    "truncated": "answer cut short",
    "reset": "connection reset",
    "closed": "connection closed without an answer",
    "connect": "connection refused",
    "oversized": "answer too large",
    "client": "exception in the client",
    "judged": "called a failure by the locust file",
    "task": "exception in a task of the locust file",
    "user": "user of the locust file that wasn't there",
    "ports": "no free local port",
    "descriptors": "no free file descriptor",
    "memory": "no memory for a connection",
}


def counts_of(trials: Iterable[Trial]) -> Counts:
    """Sum up some trials of one case."""
    trials = tuple(trials)
    errors = Counter[str]()
    for trial in trials:
        errors.update(trial.errors)
    return Counts(
        offered=sum(t.offered for t in trials),
        ok=sum(t.ok for t in trials),
        failed=sum(t.failed for t in trials),
        errors=dict(errors.most_common()),
        dropped=sum(t.dropped for t in trials),
        dropped_late=sum(t.dropped_late for t in trials),
        unfinished=sum(t.unfinished for t in trials),
        sent_again=sum(t.lost for t in trials),
        connections=sum(t.connections for t in trials),
    )


def kinds(counts: Counts) -> tuple[tuple[str, int], ...]:
    """What was not answered rightly, by kind in words, the most frequent first; they sum to `not_right`."""
    numbers = Counter({_WORDS.get(kind, kind): number for kind, number in counts.errors.items()})
    numbers[_NOT_RECORDED] = counts.failed - sum(counts.errors.values())
    numbers[DROPPED] = counts.dropped - counts.dropped_late
    numbers[DROPPED_LATE] = counts.dropped_late
    numbers[NEVER_ANSWERED] = counts.unfinished
    return tuple((kind, number) for kind, number in numbers.most_common() if number > 0)


def not_right(counts: Counts) -> int:
    """The requests that were not answered rightly, whoever is to blame."""
    return counts.failed + counts.dropped + counts.unfinished


def error_rate(counts: Counts) -> float | None:
    """The share of what was offered that was not answered rightly; None if nothing was offered."""
    return not_right(counts) / counts.offered if counts.offered else None


def not_answered(counts: Counts) -> float | None:
    """The share of what was offered that got no answer of any kind: dropped, or never answered."""
    return (counts.dropped + counts.unfinished) / counts.offered if counts.offered else None


def not_accounted(counts: Counts) -> int:
    """The requests of which nothing is known: a fault of the harness."""
    return max(0, counts.offered - counts.ok - not_right(counts))


def itemised(counts: Counts) -> str:
    """What was not answered rightly: "3,135 wrong status, 4 never answered"."""
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds(counts))
