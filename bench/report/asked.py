"""The section that says what a user's own requests were."""

from __future__ import annotations

from collections.abc import Iterator

from bench.model import Analysis, Suite
from bench.model.scenario import AskedRequest, AskedScenario
from bench.model.secrets import HIDDEN, hidden_headers
from bench.report.page import Column, Row, Section, Table
from bench.report.results import Group
from bench.report.units import listed, number

_COLUMNS = (
    Column("Endpoint", numeric=False),
    Column("Request", numeric=False, code=True),
    Column("Share", "%"),
    Column("Right is", numeric=False),
)


def section(suite: Suite, _analysis: Analysis, _groups: tuple[Group, ...]) -> Section | None:
    """Each request with its share and its right answer; what the result holds nothing of is named."""
    scenarios = suite.plan.scenarios.values()
    if not scenarios:
        return None
    points = tuple(point for scenario in scenarios for point in _points(suite, scenario))
    return Section("asked", "What was asked", points=points, tables=tuple(map(_table, scenarios)))


def _points(suite: Suite, scenario: AskedScenario) -> Iterator[str]:
    if scenario.source:
        yield f"{scenario.source.rstrip('.')}."
    if scenario.host:
        yield f"The field Host said {scenario.host}."
    pages = [page for page in suite.learned if page.scenario == scenario.name]
    cookies = dict.fromkeys(name for page in pages for name in page.cookies)
    if not scenario.cookies:
        yield "Each request was a new visitor's: no cookie was kept."
    elif cookies:
        yield f"Each user kept the cookies that it got: {listed(list(cookies))}."
    elif pages:
        yield "No answer to the probes set a cookie, so that all users were the same."
    if scenario.login:
        steps = listed([f"{request.method} {request.path}" for request in scenario.login])
        yield f"Users logged in once a deployment, which counts for nothing: {steps}."
    requests = (*scenario.requests, *scenario.login)
    hidden = [f"the header {name}" for name in hidden_headers(requests)]
    hidden += ["bodies"] * any(request.body == HIDDEN for request in requests)
    hidden += ["values that were drawn"] * bool(scenario.values)
    if hidden:
        yield f"The result holds no values of {listed(hidden)}: they may be secret."


def _table(scenario: AskedScenario) -> Table:
    # A result may be anybody's: nothing may be sent at all.
    whole = sum(request.weight for request in scenario.requests) or 1.0
    rows = tuple(
        Row(
            (
                request.name,
                f"{request.method} {request.path}",
                number(request.weight / whole * 100) if request.weight else "-",
                "; ".join(_right(request)),
            )
        )
        for request in scenario.requests
    )
    return Table(f"Requests: {scenario.name}", _COLUMNS, rows)


def _right(request: AskedRequest) -> Iterator[str]:
    yield f"status {request.status}" if request.status else "what the first probes saw"
    if request.contains:
        yield f'"{request.contains}" in the body'
    yield from (f"{name}: {value}" for name, value in request.expect_headers)
    yield from (f"{path} is {value}" for path, value in request.expect_json)
    yield from (f"{capture.name} in it" for capture in request.captures)
    if request.after:
        yield f"after {request.after}"
