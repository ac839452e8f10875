"""The page of one run.

A new section is a function, and its place in `CHARTED`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.model import Analysis, Suite
from bench.report import answers, asked, meaning, old_version
from bench.report.charted import cost, endpoints, latency, load, throughput, time
from bench.report.downloads import downloads
from bench.report.headline import headline
from bench.report.moments import in_utc
from bench.report.outcome import errors, failures, pairs, results, validity
from bench.report.page import Page, Section, sanitised
from bench.report.results import Group, groups
from bench.report.setup import configuration, environment, repeat
from bench.report.units import count, listed

Build = Callable[[Suite, Analysis, tuple[Group, ...]], Section | None]

CHARTED: tuple[Build, ...] = (
    meaning.section,
    old_version.section,
    results,
    validity,
    failures,
    pairs,
    environment,
    throughput.section,
    latency.section,
    load.section,
    cost.section,
    endpoints.section,
    time.section,
    errors,
    asked.section,
    answers.section,
    configuration,
    repeat,
    downloads,
)
_PAGE_ONLY = frozenset(
    {
        throughput.section,
        latency.section,
        load.section,
        cost.section,
        endpoints.section,
        time.section,
        downloads,
    }
)
TEXT = tuple(section for section in CHARTED if section not in _PAGE_ONLY)
"""Of formats that draw nothing."""


def page(suite: Suite, analysis: Analysis, sections: tuple[Build, ...] = TEXT) -> Page:
    """What all formats for people render.

    Args:
        sections: in this order, those that have something to say.
    """
    servers = tuple(dict.fromkeys(d.server.name for d in suite.plan.deployments))
    apps = list(dict.fromkeys(d.app.name for d in suite.plan.deployments))
    grouped = groups(suite, analysis)
    made = (make(suite, analysis, grouped) for make in sections)
    return sanitised(
        Page(
            title=_title(suite, apps, len(servers)),
            subtitle=f"{suite.plan.profile} profile, {suite.plan.runtime} runtime, "
            f"on {_hosts(suite)}, {minute(suite.started)}; run {suite.id}",
            verdict=headline(suite, analysis, grouped),
            sections=tuple(section for section in made if section is not None),
            servers=servers,
        )
    )


def _title(suite: Suite, apps: Sequence[str], servers: int) -> str:
    """Of what runs already nothing is known but that it speaks HTTP; its app is a name that stands for it."""
    if suite.plan.runtime == "external":
        return count(servers, "HTTP server") + (" that runs already" if servers == 1 else " that run already")
    return f"{listed(apps)} behind {count(servers, 'WSGI server')}"


def _hosts(suite: Suite) -> str:
    """Which host served, and from which that was measured if that is another."""
    host, other = suite.environment.host, suite.environment.measured_from
    return f"{host}, measured from {other}" if other else host


def minute(moment: str) -> str:
    """An ISO 8601 time to the minute, in UTC; as it stands if it isn't one."""
    known = in_utc(moment)
    return known.strftime("%Y-%m-%d %H:%M UTC") if known else moment
