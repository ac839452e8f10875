"""Of which runs own costs are measured, and of which servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.model import Plan
from bench.model.scenario import AskedRequest, AskedScenario
from bench.model.variant import TWIN, Variant
from bench.plan.duration import OWN_OF_THE_RUN, expected_s, own_cost_s
from bench.run.own_cost import hello_of, scenario_of
from tests.make_suite import make_own, make_suite, own_calls

ASKED = AskedScenario("mixed", (AskedRequest("GET /", "/"),))


@pytest.fixture
def plan() -> Plan:
    suite = make_suite({"gunicorn": 2000.0, "uwsgi": 3000.0}, rounds=1, blocks=1, open_rate=None)
    return replace(make_own(suite, "gunicorn", own_calls(0.001)).plan, scenarios={"mixed": ASKED})


def test_it_is_measured_of_a_project_that_claims_something(plan: Plan) -> None:
    theirs = make_suite({"gunicorn": 2000.0}, rounds=1, blocks=1, open_rate=None).plan

    assert scenario_of(plan) is ASKED
    assert scenario_of(replace(plan, claims=False)) is None
    assert scenario_of(replace(plan, runtime="compose")) is None
    assert scenario_of(replace(plan, scenarios={})) is None
    assert scenario_of(replace(theirs, scenarios={"mixed": ASKED})) is None


def test_its_time_is_planned(plan: Plan) -> None:
    without = replace(plan, scenarios={})

    assert own_cost_s(without) == 0
    assert own_cost_s(plan) > 0
    assert own_cost_s(replace(plan, minutes=0.5)) == OWN_OF_THE_RUN * 30 < own_cost_s(plan)
    assert expected_s(plan) > expected_s(without) + 0.9 * own_cost_s(plan)


def test_a_server_serves_the_application_that_does_nothing_in_the_same_python(plan: Plan) -> None:
    line, uwsgi = plan.deployments
    hello = hello_of(uwsgi)

    assert hello is not None
    assert hello.app.project is not None
    assert uwsgi.app.project is not None
    assert hello.server == uwsgi.server
    assert hello.app.project.python == uwsgi.app.project.python
    assert (Path(hello.app.project.root) / "wsgi.py").is_file()
    assert hello_of(line) is None
    assert hello_of(replace(uwsgi, variant=Variant(TWIN))) is None
