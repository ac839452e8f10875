"""The list of all runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bench.report.index.stored import IndexedRun, Unreadable
from bench.report.moments import in_utc
from bench.report.page import Column, Row, Section, Table
from bench.report.sections import minute
from bench.report.units import NOT_MEASURED, count, listed
from bench.store import Outline

_LABELS = ("Started", "Machine", "Profile", "App", "Servers", "Verdict")
_NBSP = "\N{NO-BREAK SPACE}"
_UNITS = ((365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3600, "hour"), (60, "minute"))


def section(newest_first: Sequence[IndexedRun | Unreadable], now: datetime) -> Section:
    """The table of all runs, a row each."""
    if not newest_first:
        return Section("runs", "All runs", ("There is none yet: `wsgi-bench run` makes one.",))
    ages = f"age on {now:%Y-%m-%d}"
    columns = tuple(Column(label, ages if label == "Started" else "", False) for label in _LABELS)
    rows = tuple(_row(run, now) for run in newest_first)
    return Section("runs", "All runs", tables=(Table("Newest first", columns, rows),))


def verdict(newest_first: Sequence[IndexedRun], now: datetime) -> list[str]:
    """When the newest measurement was made: the page may be read long after it was written."""
    measured = [run.outline for run in newest_first if run.outline.plan.claims]
    if not measured:
        return []
    newest = measured[0]
    started, old = minute(newest.started), age(newest.started, now)
    return [f"The newest measurement: {started} ({old}), on {newest.environment.host}: {_verdict(newest)}."]


def age(started: str, now: datetime) -> str:
    """How long ago an ISO 8601 time was, in the largest unit of which there are two."""
    known = in_utc(started)
    if known is None:
        return "of unknown age"
    seconds = (now - known).total_seconds()
    if seconds < 0:
        return "dated in the future"
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{count(int(seconds // size), unit)} old"
    return "just made"


def versions(run: Outline) -> dict[str, str]:
    """The version of each server that was deployed."""
    environment, plan = run.environment, run.plan
    python = environment.versions.get("python (containers)", environment.python)

    def version(package: str) -> str:
        if plan.runtime == "external":
            return "version not known"
        return environment.versions.get(package, NOT_MEASURED) if package else f"of Python {python}"

    return {d.server.name: version(d.server.package) for d in plan.deployments if d.variant.kind.ranked}


def _row(run: IndexedRun | Unreadable, now: datetime) -> Row:
    address = f"{run.directory}/report.html"
    if isinstance(run, Unreadable):
        return Row(
            (run.directory, "", "", "", "", f"can't be read: {run.reason}"), "unranked", address=address
        )
    outline = run.outline
    environment, plan = outline.environment, outline.plan
    cells = (
        f"{minute(outline.started)}, {age(outline.started, now).replace(' ', _NBSP)}",
        f"{environment.host}, {environment.cpus} \N{MULTIPLICATION SIGN} {environment.cpu_model}",
        f"{plan.profile}, {plan.runtime}",
        listed(list(dict.fromkeys(case.app for case in plan.cases))),
        ", ".join(f"{name}{_NBSP}{version}" for name, version in versions(outline).items()),
        _verdict(outline),
    )
    return Row(cells, address=address)


def _verdict(run: Outline) -> str:
    """The first group's places, and how many cases are not valid."""
    parts = [] if run.complete else ["not complete" if run.finished else "interrupted"]
    if not run.plan.claims:
        parts.append("not a measurement")
    first = run.ranking[0].group if run.ranking else None
    places = [
        f"{place.words}. {' = '.join(run.case(id_).server for id_ in place.cases)}"
        for place in run.ranking
        if place.group == first
    ]
    invalid = list(run.valid.values()).count(False)
    if invalid:
        parts.append(f"{count(invalid, 'case')} not valid")
    return "; ".join([", ".join(places), *parts] if places else parts) or "all valid"
