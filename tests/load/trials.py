"""Runs single trials inside the test's process, and keeps every row that they recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from socket import AF_INET
from urllib.parse import urlsplit

from hdrh.histogram import HdrHistogram

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.request import Expect, Request
from bench.load.closed import ClosedTrial
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.open import OpenTrial
from bench.load.outcomes import KINDS
from bench.load.records import KIND_MASK, Counted, Records, Window

PAGE = Request("hello", "GET", "/", Expect(200, body=b"Hello, World!"))
HELLO = SCENARIOS["hello"]
SECOND = 1_000_000_000


@dataclass(frozen=True)
class Row:
    """One recorded request; nanoseconds. `due` is the user's number in closed load."""

    due: int
    sent: int
    done: int
    kind: str


@dataclass(frozen=True)
class Ran:
    """A trial that has ended.

    Attributes:
        rows: everything recorded, counted or not.
        marks: connections opened and lost when the window opened and when it closed.
    """

    window: Window
    counted: Counted
    rows: list[Row]
    marks: list[tuple[int, int]]

    def kinds(self) -> dict[str, int]:
        """How many counted requests ended in each way."""
        outcomes = self.counted.outcome.tolist()
        return {kind: outcomes.count(code) for code, kind in enumerate(KINDS) if code in outcomes}

    def inside(self) -> list[Row]:
        """The rows that ended within the window, found without the engine's help."""
        return [row for row in self.rows if self.window.opened < row.done <= self.window.closed]


@contextmanager
def link_to(url: str) -> Iterator[Link]:
    """Connections to one server, closed when the block ends."""
    address = urlsplit(url)
    link = Link(AF_INET, (address.hostname or "", address.port or 0))
    try:
        yield link
    finally:
        link.close()


def run_closed(
    link: Link,
    *,
    users: int,
    length_s: float,
    settle_s: float = 0.0,
    request: Request = PAGE,
    close: bool = False,
    timeout_s: float = 5.0,
) -> Ran:
    """One closed trial that asks for the same page again and again."""
    records = _SeenRecords()
    marks: list[tuple[int, int]] = []
    window = ClosedTrial(
        link,
        _stream(request, close),
        records,
        users=users,
        settle_ns=round(settle_s * SECOND),
        length_ns=round(length_s * SECOND),
        timeout_ns=round(timeout_s * SECOND),
        mark=lambda: marks.append((link.opened, link.lost)),
        breathe=lambda: None,
    ).run()
    return Ran(window, records.counted("done", window), records.seen(), marks)


def run_open(
    link: Link,
    *,
    due: list[int],
    length_s: float,
    settle_s: float = 0.0,
    cap: int = 4096,
    request: Request = PAGE,
    close: bool = False,
    timeout_s: float = 5.0,
) -> Ran:
    """One open trial that asks for the same page at set times, nanoseconds from its start."""
    records = _SeenRecords()
    marks: list[tuple[int, int]] = []
    window = OpenTrial(
        link,
        _stream(request, close),
        records,
        due=due,
        settle_ns=round(settle_s * SECOND),
        length_ns=round(length_s * SECOND),
        cap=cap,
        timeout_ns=round(timeout_s * SECOND),
        mark=lambda: marks.append((link.opened, link.lost)),
        breathe=lambda: None,
    ).run()
    return Ran(window, records.counted("due", window), records.seen(), marks)


def decode(encoded: str) -> HdrHistogram:
    """A histogram of microseconds, as a trial stores it."""
    return HdrHistogram.decode(encoded)


class _SeenRecords(Records):
    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[int, int, int, int]] = []
        keep = self.add

        def add(row: tuple[int, int, int, int]) -> None:
            self._seen.append(row)
            keep(row)

        self.add = add

    def seen(self) -> list[Row]:
        return [Row(due, sent, done, KINDS[code & KIND_MASK]) for due, sent, done, code in self._seen]


def _stream(request: Request, close: bool) -> Iterator[Exchange]:
    return repeat(Exchange(request, 0, "127.0.0.1", close))
