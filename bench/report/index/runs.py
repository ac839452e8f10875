"""The list of all runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bench.report.build import minute
from bench.report.index.stored import Run, Unreadable
from bench.report.page import Column, Row, Section, Table
from bench.report.units import NOT_MEASURED, count, listed
from bench.store import Outline

_LABELS = ("Started", "Machine", "Profile", "App", "Servers", "Verdict")
_NBSP = "\N{NO-BREAK SPACE}"
_UNITS = ((365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3600, "hour"), (60, "minute"))


def section(newest_first: Sequence[Run | Unreadable], now: datetime) -> Section:
    """A row a run."""
    if not newest_first:
        return Section("runs", "All runs", ("There is none yet: `make bench` makes one.",))
    ages = f"age on {now:%Y-%m-%d}"
    columns = tuple(Column(label, ages if label == "Started" else "", False) for label in _LABELS)
    rows = tuple(_row(one, now) for one in newest_first)
    return Section("runs", "All runs", tables=(Table("Newest first", columns, rows),))


def verdict(newest_first: Sequence[Run], now: datetime) -> list[str]:
    """When the newest measurement was made: the page may be read long after it was written."""
    measured = [run.outline for run in newest_first if run.outline.plan.claims]
    if not measured:
        return []
    newest = measured[0]
    started, old = minute(newest.started), age(newest.started, now)
    return [f"The newest measurement: {started} ({old}), on {newest.environment.host}: {_verdict(newest)}."]


def age(started: str, now: datetime) -> str:
    """How long ago an ISO 8601 time was, in the largest unit of which there are two."""
    try:
        seconds = (now - datetime.fromisoformat(started).astimezone(UTC)).total_seconds()
    except ValueError:
        return "of unknown age"
    if seconds < 0:
        return "of a clock ahead"
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{count(int(seconds // size), unit)} old"
    return "just made"


def versions(found: Outline) -> dict[str, str]:
    """Of each server that was deployed."""
    environment, plan = found.environment, found.plan
    python = environment.versions.get("python (containers)", environment.python)

    def version(package: str) -> str:
        if plan.runtime == "external":
            return "version not known"
        return environment.versions.get(package, NOT_MEASURED) if package else f"of Python {python}"

    return {d.server.name: version(d.server.package) for d in plan.deployments if d.variant.kind.ranked}


def _row(one: Run | Unreadable, now: datetime) -> Row:
    address = f"{one.directory}/report.html"
    if isinstance(one, Unreadable):
        return Row(
            (one.directory, "", "", "", "", f"can't be read: {one.reason}"), "unranked", address=address
        )
    found = one.outline
    environment, plan = found.environment, found.plan
    cells = (
        f"{minute(found.started)}, {age(found.started, now).replace(' ', _NBSP)}",
        f"{environment.host}, {environment.cpus} \N{MULTIPLICATION SIGN} {environment.cpu_model}",
        f"{plan.profile}, {plan.runtime}",
        listed(list(dict.fromkeys(case.app for case in plan.cases))),
        ", ".join(f"{name}{_NBSP}{version}" for name, version in versions(found).items()),
        _verdict(found),
    )
    return Row(cells, address=address)


def _verdict(found: Outline) -> str:
    """The first group's places, and how many cases are not valid."""
    parts = [] if found.complete else ["not complete" if found.finished else "interrupted"]
    if not found.plan.claims:
        parts.append("not a measurement")
    first = found.ranking[0].group if found.ranking else None
    places = [
        f"{place.rank}. {' = '.join(found.case(id_).server for id_ in place.cases)}"
        for place in found.ranking
        if place.group == first
    ]
    invalid = list(found.valid.values()).count(False)
    if invalid:
        parts.append(f"{count(invalid, 'case')} not valid")
    return "; ".join([", ".join(places), *parts] if places else parts) or "all valid"
