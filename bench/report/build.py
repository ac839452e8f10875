"""The page of one run."""

from __future__ import annotations

from datetime import UTC, datetime

from bench.model import Analysis, Suite
from bench.report.headline import headline
from bench.report.page import Page, sanitised
from bench.report.results import groups
from bench.report.sections import build
from bench.report.units import count, listed


def page(suite: Suite, analysis: Analysis) -> Page:
    """What all formats for people render."""
    servers = {d.server.name for d in suite.plan.deployments if not d.twin}
    apps = list(dict.fromkeys(d.app.name for d in suite.plan.deployments))
    return sanitised(
        Page(
            title=f"{listed(apps)} behind {count(len(servers), 'WSGI server')}",
            subtitle=f"{suite.plan.profile} profile, {suite.plan.runtime} runtime, "
            f"on {suite.environment.host}, {minute(suite.started)}; run {suite.id}",
            verdict=headline(suite, analysis, groups(suite, analysis)),
            sections=build(suite, analysis),
        )
    )


def minute(moment: str) -> str:
    """An ISO 8601 time to the minute, in UTC; as it stands if it isn't one."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return moment
