"""`results/index.html`: every stored run, newest first, and the trends over those that are comparable."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.report import html
from bench.report.index import history, runs
from bench.report.index.stored import IndexedRun, Unreadable, find, read
from bench.report.index.trends import follow
from bench.report.page import Page, sanitised
from bench.report.units import count
from bench.store import replace_file
from bench.store.lock import alone

INDEX = "index.html"


def write_index(results: Path) -> Path:
    """Write `index.html` from the result directories in `results`; return its path.

    Raises:
        MachineError: it can't be written.
    """
    with alone(results):
        runs = [read(directory) for directory in find(results)]
        replace_file(results / INDEX, [render(runs, datetime.now(UTC))])
    return results / INDEX


def render(stored: Iterable[IndexedRun | Unreadable], now: datetime) -> str:
    """The index page.

    Args:
        stored: in any order.
        now: what the ages of the runs are counted to.
    """
    newest_first = sorted(stored, key=lambda run: (run.started, run.directory), reverse=True)
    readable = [run for run in newest_first if isinstance(run, IndexedRun)]
    trends = follow(readable)
    return html.write(
        sanitised(
            Page(
                title="wsgi-bench results",
                subtitle=f"{count(len(newest_first), 'run')}; ages are as of {now:%Y-%m-%d %H:%M} UTC",
                verdict=(*runs.verdict(readable, now), *history.verdict(trends)),
                sections=(runs.section(newest_first, now), *history.sections(trends)),
                servers=tuple(dict.fromkeys(trend.server for trend in trends)),
            )
        )
    )
