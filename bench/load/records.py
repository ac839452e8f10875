"""What a trial saw: raw nanoseconds while it runs, counts and histograms when it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

from bench.load.clock import now_ns
from bench.load.connection import Connection
from bench.load.link import Link
from bench.load.outcomes import DROPPED, KINDS, OK, UNFINISHED
from bench.model.histograms import DIGITS, HIGHEST_US, LOWEST_US, let_go

LATE_NS = 2_000_000
"""Sent later than this after it was due, a request is the generator's own fault."""
_KIND_BITS = 6
KIND_MASK = (1 << _KIND_BITS) - 1

Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """The counted part of a trial: (opened, closed], nanoseconds of the monotonic clock."""

    opened: int
    closed: int


class Records:
    """One row a request that has ended; nothing is computed while the trial runs.

    Attributes:
        add: takes a row (due, sent, done, code): nanoseconds, and what `row_code` gives.
        begun: how many requests were to be sent, counted apart from the rows: what has left no row by
            the trial's end was lost by the generator, and is offered without an outcome.
        endpoints: those that rows have by their index, where only the trial has shown them; else empty.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.endpoints: tuple[str, ...] = ()
        self._rows: list[tuple[int, int, int, int]] = []
        self.add = self._rows.append

    def __len__(self) -> int:
        return len(self._rows)

    def last_done(self) -> int:
        """When the last request ended; 0 without any."""
        return self._rows[-1][2] if self._rows else 0

    def first_done_from(self, start: int) -> int | None:
        """The earliest `done` that isn't before `start`."""
        ends = takewhile(lambda done: done >= start, (row[2] for row in reversed(self._rows)))
        return min(ends, default=None)

    def counted(self, by: Literal["due", "done"], window: Window) -> Counted:
        """The requests that were due, or done, within the window, and those never answered."""
        due, sent, done, code = np.array(self._rows, dtype=np.int64).reshape(-1, 4).T
        rows = Requests(due, sent, done, code >> _KIND_BITS, code & KIND_MASK)
        inside = _within(due if by == "due" else done, window)
        begun = inside if by == "due" else _within(sent, window)
        if by == "done":
            inside |= (rows.outcome == UNFINISHED) & (sent < window.closed) & (done > window.opened)
        right = rows.outcome == OK
        return Counted(
            *rows.chosen(inside),
            begun=Requests(*rows.chosen(begun)),
            answers=_shares(sent[right], done[right], window)
            if by == "done"
            else float(np.count_nonzero(inside & right)),
            lost=self.begun - len(self._rows),
            sent_in_all=int(np.count_nonzero(rows.outcome != DROPPED)),
        )


def row_code(endpoint: int, outcome: int) -> int:
    """Endpoint and outcome in one number."""
    return endpoint << _KIND_BITS | outcome


@dataclass(frozen=True)
class Requests:
    """Some requests of a trial: parallel arrays, nanoseconds."""

    due: Times
    sent: Times
    done: Times
    endpoint: Times
    outcome: Times

    def chosen(self, which: npt.NDArray[np.bool_]) -> tuple[Times, Times, Times, Times, Times]:
        """The arrays of some of the requests."""
        return self.due[which], self.sent[which], self.done[which], self.endpoint[which], self.outcome[which]

    def mean_s(self) -> float | None:
        """Mean time from `sent` to `done`, right answers and failures alike."""
        return float((self.done - self.sent).mean()) / 1e9 if len(self.done) else None


@dataclass(frozen=True)
class Counted(Requests):
    """The requests of a trial's window.

    Attributes:
        begun: of closed load those sent within the window, each followed to its end, whenever that was; of
            open load the same requests as here. Response times are theirs: among the requests that *end* in a
            window shorter than a slow answer, slow ones are missing.
        answers: right answers. Under closed load a request that was under way when the window opened or
            closed counts by the share of its time that lies inside. Whole answers would be too few or too
            many where they come in waves, by up to a wave a trial.
        lost: requests of which nothing is known.
        sent_in_all: requests that were sent in the whole trial, before and after its window, too.
    """

    begun: Requests
    answers: float
    lost: int
    sent_in_all: int

    @property
    def offered(self) -> int:
        return len(self.outcome) + self.lost

    def number(self, outcome: int) -> int:
        """How many requests ended with this outcome."""
        return int(np.count_nonzero(self.outcome == outcome))

    def errors(self) -> dict[str, int]:
        """Failures by kind."""
        wrong = self.outcome[~np.isin(self.outcome, (OK, DROPPED, UNFINISHED))]
        codes, counts = np.unique(wrong, return_counts=True)
        return {KINDS[code]: int(count) for code, count in zip(codes, counts, strict=True)}

    def right_by_status(self, known: Mapping[int, int]) -> Counter[str]:
        """The right answers by status.

        Args:
            known: the status of an endpoint's right answers, by its index.
        """
        endpoints, numbers = np.unique(self.endpoint[self.outcome == OK], return_counts=True)
        by_status = Counter[str]()
        for endpoint, number in zip(endpoints.tolist(), numbers.tolist(), strict=True):
            if endpoint in known:
                by_status[str(known[endpoint])] += number
        return by_status

    def dropped_late(self) -> int:
        """Dropped requests that the generator itself came too late for."""
        return int(np.count_nonzero((self.outcome == DROPPED) & (self.sent - self.due > LATE_NS)))

    def histograms(self, endpoints: Sequence[str], open_load: bool) -> dict[str, str]:
        """Encoded histograms by kind and endpoint; see `Trial.histograms`.

        They hold the right answers and, for open load, what was never answered at the time it has waited.
        """
        encoded = {}
        requests = self.begun
        timed = requests.outcome == OK
        if open_load:
            timed |= requests.outcome == UNFINISHED
        for index, name in enumerate(endpoints):
            chosen = timed & (requests.endpoint == index)
            if not chosen.any():
                continue
            since = requests.due if open_load else requests.sent
            encoded[f"latency/{name}"] = encode((requests.done - since)[chosen])
            if open_load:
                encoded[f"service/{name}"] = encode((requests.done - requests.sent)[chosen])
        if open_load and len(self.due):
            encoded["lateness/all"] = encode(self.sent - self.due)
        return encoded


def _within(when: Times, window: Window) -> npt.NDArray[np.bool_]:
    return (when > window.opened) & (when <= window.closed)


def _shares(sent: Times, done: Times, window: Window) -> float:
    """How many of these requests the window holds, each by the share of its time that lies inside."""
    inside = np.minimum(done, window.closed) - np.maximum(sent, window.opened)
    return float((np.maximum(inside, 0) / np.maximum(done - sent, 1)).sum())


def abandon(link: Link, records: Records, connections: Iterable[Connection]) -> None:
    """Give up what was never answered, as unfinished after the time that it has waited."""
    now = now_ns()
    for connection in connections:
        code = row_code(connection.exchange.endpoint, UNFINISHED)
        records.add((connection.due, connection.sent, now, code))
        link.unserved += not (connection.reused or connection.unsent)
        link.discard(connection)


def p99_s(encoded: str) -> float:
    """The 99th percentile of a histogram as `encode` makes it."""
    histogram = HdrHistogram.decode(encoded)
    microseconds = float(histogram.get_value_at_percentile(99))
    let_go(histogram)
    return microseconds / 1e6


def encode(times_ns: Times) -> str:
    """Times as an HdrHistogram of microseconds, 1 us to 60 s at 3 digits, V2 base64."""
    histogram = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    microseconds = np.clip((times_ns + 500) // 1000, LOWEST_US, HIGHEST_US)
    values, counts = np.unique(microseconds, return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    encoded: bytes = histogram.encode()
    let_go(histogram)
    return encoded.decode("ascii")
