"""`results/index.html`: every stored run, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ResultError
from bench.report.build import minute
from bench.report.html import templates
from bench.report.page import Column, Row, Section, Table, sanitised
from bench.report.units import count, listed
from bench.store import RESULT, Outline, outline, replace_file


@dataclass(frozen=True)
class Link:
    """A directory of `results/`.

    Attributes:
        outline: what its `result.json` says, or the reason why it can't be read.
    """

    directory: str
    outline: Outline | str


def write_index(results: Path) -> Path:
    """Write `index.html` from what the result directories in `results` say; return its path.

    Raises:
        MachineError: it can't be written.
    """
    found = [_link(path.parent) for path in sorted(results.glob(f"*/{RESULT}"))]
    replace_file(results / "index.html", [render(found)])
    return results / "index.html"


def render(links: Iterable[Link]) -> str:
    """The page.

    Args:
        links: in any order.
    """
    newest_first = sorted(links, key=_started, reverse=True)
    columns = tuple(
        Column(label, numeric=False) for label in ("Started", "Host", "Profile", "App", "Verdict")
    )
    rows = tuple(Row(_cells(link)) for link in newest_first)
    section = sanitised(Section("runs", "All runs", tables=(Table("Newest first", columns, rows),)))
    return templates.get_template("index.html.j2").render(
        section_of_runs=section, addresses=[f"{link.directory}/report.html" for link in newest_first]
    )


def _link(directory: Path) -> Link:
    try:
        return Link(directory.name, outline(directory))
    except ResultError as error:
        return Link(directory.name, str(error))


def _started(link: Link) -> str:
    return link.directory if isinstance(link.outline, str) else link.outline.started


def _cells(link: Link) -> tuple[str, ...]:
    found = link.outline
    if isinstance(found, str):
        return (link.directory, "", "", "", f"can't be read: {found}")
    apps = list(dict.fromkeys(case.app for case in found.plan.cases))
    profile = f"{found.plan.profile}, {found.plan.runtime}"
    return (minute(found.started), found.environment.host, profile, listed(apps), _verdict(found))


def _verdict(found: Outline) -> str:
    """The first group's places, and how many cases are not valid."""
    parts = [] if found.complete else ["interrupted"]
    if not found.plan.claims:
        parts.append("not a measurement")
    first = found.ranking[0].group if found.ranking else None
    places = [
        f"{place.rank}. {' = '.join(found.case(id_).server for id_ in place.cases)}"
        for place in found.ranking
        if place.group == first
    ]
    invalid = sum(not verdict.valid for verdict in found.verdicts.values())
    if invalid:
        parts.append(f"{count(invalid, 'case')} not valid")
    return "; ".join([", ".join(places), *parts] if places else parts) or "all valid"
