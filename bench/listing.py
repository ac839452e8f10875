"""What `wsgi-bench list` and `--dry-run` print: rows of plain values, as a table or as JSON."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.errors import ResultError
from bench.model import Plan
from bench.registry import load_apps, load_servers
from bench.scenarios import SCENARIOS
from bench.settings import APPS_FILE, COMPOSE_FILE
from bench.store import RESULT, outline

Row = Mapping[str, object]


def servers(root: Path) -> list[Row]:
    return [
        {
            "server": server.name,
            "default": server.default,
            "workers x threads": f"{server.workers} x {server.threads}",
            "keep-alive": server.keep_alive,
            "title": server.title,
        }
        for server in load_servers(root / COMPOSE_FILE).values()
    ]


def apps(root: Path) -> list[Row]:
    return [
        {
            "app": app.name,
            "callable": app.callable,
            "redis": app.redis,
            "scenarios": ", ".join(app.scenarios),
        }
        for app in load_apps(root / APPS_FILE).values()
    ]


def scenarios(_root: Path) -> list[Row]:
    return [
        {"scenario": s.name, "what": s.title, "endpoints": ", ".join(s.endpoints), "writes": s.writes}
        for s in SCENARIOS.values()
    ]


def results(root: Path) -> list[Row]:
    """Every stored result, newest first; one that can't be read says why."""
    rows: list[Row] = []
    for path in sorted((root / "results").glob(f"*/{RESULT}"), reverse=True):
        try:
            found = outline(path.parent)
        except ResultError as error:
            rows.append({"result": str(path.parent.relative_to(root)), "problem": str(error)})
            continue
        rows.append(
            {
                "result": str(path.parent.relative_to(root)),
                "started": found.started,
                "profile": found.plan.profile,
                "runtime": found.plan.runtime,
                "complete": found.complete,
                "problem": "",
            }
        )
    return rows


def plan(planned: Plan) -> str:
    """What a run would do, and how long it would take."""
    minutes, seconds = divmod(round(planned.expected_s), 60)
    head = (
        f"profile {planned.profile}, runtime {planned.runtime}, seed {planned.seed}: "
        f"{planned.rounds} rounds of {planned.blocks} closed and {planned.open_blocks} open blocks, "
        f"about {minutes} min {seconds} s\n"
    )
    rows: list[Row] = [
        {
            "case": case.id,
            "load": f"{case.load.users} users"
            if case.load.model == "closed"
            else f"{case.load.rate:g} a second"
            if case.load.rate
            else f"{case.load.share:.0%} of its own capacity"
            if case.load.share
            else "60 % of the slowest",
        }
        for case in planned.cases
    ]
    return head + as_text(rows)


def as_text(rows: Sequence[Row]) -> str:
    """A table with a column for every key."""
    if not rows:
        return "none"
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(*names, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row.get(name, "")) for name in names))
    buffer = io.StringIO()
    Console(file=buffer, width=200, highlight=False, markup=False).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
