"""What `wsgi-bench list` and `--dry-run` print: rows of plain values, as a table or as JSON."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.ask.resolution import APPS_FILE, COMPOSE_FILE
from bench.catalogue.home import results_folder
from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.model import Load, Plan
from bench.model.errors import ResultError
from bench.model.resume_command import resume_command
from bench.plan.duration import expected_each_s, expected_s, in_words, own_cost_s, parts_of
from bench.report.old_version import name_of
from bench.report.units import count, listed, plain, yes
from bench.store import RESULT, outline

Row = Mapping[str, object]

WIDTH = 80
_FEW = 8
_TOGETHER = "\N{NO-BREAK SPACE}"
# The names of results begin with it.
_ONLY_IN_JSON = frozenset({"started"})


def servers(root: Path) -> list[Row]:
    return [
        {
            "server": server.name,
            "default": server.default,
            "default of try": server.for_projects,
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
    """Every stored result, the one that began last first; after them those that can't be read, and why."""
    rows: list[Row] = []
    folder = results_folder(root)
    for path in sorted(folder.glob(f"*/{RESULT}"), reverse=True):
        try:
            run = outline(path.parent)
        except ResultError as error:
            rows.append({"result": str(path.parent.relative_to(folder.parent)), "problem": str(error)})
            continue
        rows.append(
            {
                "result": str(path.parent.relative_to(folder.parent)),
                "started": run.started,
                "profile": run.plan.profile,
                "runtime": run.plan.runtime,
                "complete": run.complete,
                "problem": "",
            }
        )
    return sorted(rows, key=lambda row: str(row.get("started", "")), reverse=True)


def going_on(rows: Sequence[Row], root: Path) -> str:
    """How to go on from a list of results, from whatever folder."""
    above = results_folder(root).parent
    whole = [shlex.quote(str(above / str(row["result"]))) for row in rows if row.get("complete")]
    lines = [
        f"{row['result']} isn't complete: `{resume_command(above / str(row['result']))}` continues it."
        for row in rows
        if row.get("complete") is False
    ]
    if whole:
        lines.append(f"`wsgi-bench report {whole[0]} --format text` shows the newest.")
    if len(whole) > 1:
        lines.append(f"`wsgi-bench compare {whole[1]} {whole[0]}` says what changed.")
    return "\n".join(lines or ["`wsgi-bench run` makes a result."])


def plan(planned: Plan, not_compared: Sequence[str] = (), width: int = WIDTH) -> str:
    """What a run would do, and how long it would take.

    Args:
        not_compared: servers that the old version doesn't have.
        width: of the terminal.
    """
    each_s, parts = expected_each_s(planned), parts_of(planned)
    trials = {
        "own costs": own_cost_s(planned),
        "learning pages": parts.learn * each_s["learn"],
        "warm-up": parts.warm_up * each_s["warm-up"],
        "pilot": parts.pilot * each_s["pilot"],
        **{f"{model} load": number * each_s[model] for model, number in parts.measured.items()},
    }
    pieces = {"starting": planned.expected_s - sum(trials.values()), **trials}
    spent = ", ".join(
        f"{name} {in_words(seconds)}".replace(" ", _TOGETHER)
        for name, seconds in pieces.items()
        if round(seconds)
    )
    about = "about"
    if planned.until is not None:
        about = "at least" if planned.minutes is None else "at most"
    lines = (
        f"profile {planned.profile}, runtime {planned.runtime}, seed {planned.seed}",
        *_comparison(planned, not_compared),
        *_asked(planned),
        f"{count(planned.rounds, 'round')} of {_blocks(planned)}, "
        f"{count(len(planned.deployments), 'deployment')}",
        f"{about} {in_words(planned.expected_s)}:",
        f"  {spent}",
        *_until(planned),
    )
    rows: list[Row] = [{"case": case.id, "load": _offered(case.load, planned)} for case in planned.cases]
    head = "\n".join(fill(line, width, subsequent_indent="  ") for line in lines)
    return head.replace(_TOGETHER, " ") + "\n\n" + as_text(rows, width)


def _blocks(planned: Plan) -> str:
    if planned.locust is None:
        return f"{planned.blocks} closed and {count(planned.open_blocks, 'open block')}"
    return (
        f"{count(planned.blocks, 'block')}, trials of {planned.trial_s.closed:g} s or longer, as the think "
        f"times of {planned.locust.name} want it"
    )


def _asked(planned: Plan) -> Iterator[str]:
    """The requests of a user's own, the first few of each scenario, with their shares."""
    for name, scenario in planned.scenarios.items():
        whole = sum(request.weight for request in scenario.requests)
        drawn = [request for request in scenario.requests if request.weight]
        named = [f"{request.weight / whole:.0%} {request.method} {request.path}" for request in drawn[:_FEW]]
        more = [f"{len(drawn) - _FEW} more"] if len(drawn) > _FEW else []
        login = f", after a login of {count(len(scenario.login), 'request')}" if scenario.login else ""
        yield f"{name}: {', '.join([*named, *more])}{login}"


def _until(planned: Plan) -> Iterator[str]:
    if planned.until is None:
        return
    most = []
    if planned.most_rounds is not None:
        whole_s = expected_s(replace(planned, rounds=planned.most_rounds))
        most.append(f"{planned.most_rounds} rounds, which take about {in_words(whole_s)}")
    if planned.minutes is not None:
        most.append(f"{planned.minutes:g} min")
    yield f"goes on until ratios are known to ±{planned.until * 100:g} %, at most for {listed(most)}"


def _comparison(planned: Plan, not_compared: Sequence[str]) -> Iterator[str]:
    if planned.against is not None:
        yield f"against {name_of(planned.against)}"
        if not_compared:
            yield f"not compared: {', '.join(not_compared)}, which it doesn't have"
    for limit in planned.fail_if:
        yield f"fails if {limit}"


def _offered(load: Load, planned: Plan) -> str:
    closing = ", a connection each request" if load.connection == "close" else ""
    return f"{load.offered(planned)}{closing}"


def as_text(rows: Sequence[Row], width: int = WIDTH) -> str:
    """A table with a column for every key that has anything to say, no wider than a terminal but for names,
    which aren't broken.
    """
    if not rows:
        return "none"
    said = dict.fromkeys(name for row in rows for name in row if row[name] != "")
    names = [name for name in said if name not in _ONLY_IN_JSON]
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=not any(" " in str(row.get(name, "")) for row in rows))
    for row in rows:
        table.add_row(*(_cell(row.get(name, "")) for name in names))
    buffer = io.StringIO()
    width = max(width, Console(width=WIDTH * 10).measure(table).minimum)
    Console(file=buffer, width=width, highlight=False, markup=False, emoji=False).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def _cell(value: object) -> Text:
    if isinstance(value, bool):
        return Text(yes(value))
    return Text(plain(str(value)))
