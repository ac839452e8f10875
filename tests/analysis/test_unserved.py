"""New connections that a server doesn't serve, of which a client that keeps connections sees nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import Failure, Suite
from bench.model.finding import exit_code
from bench.model.scenario import AskedRequest, AskedScenario
from tests.make_suite import make_suite

WORDS = "new connections got no right answer to their first request"


def suite(fresh: int | None, unserved: int, *, claims: bool = True) -> Suite:
    """A server whose first trial opened so many connections, and served all but these."""
    made = make_suite({"gunicorn": 1000.0}, claims=claims, histograms=False)
    first = replace(made.trials[0], fresh=fresh, unserved=unserved)
    return replace(made, trials=(first, *(replace(trial, fresh=0) for trial in made.trials[1:])))


@pytest.mark.parametrize("claims", [True, False])
def test_no_case_of_such_a_server_is_valid(claims: bool) -> None:
    verdicts = analyse(suite(21, 5, claims=claims)).verdicts
    assert len(verdicts) == 2
    for verdict in verdicts.values():
        [text] = [finding.text for finding in verdict.findings if finding.code == "errors"]
        assert text.startswith(f"5 of 21 {WORDS}")
        assert exit_code(verdict.findings) == 3


def test_what_comes_after_many_logins_at_once_is_not_the_servers_fault() -> None:
    made = suite(16, 8)
    asked = AskedScenario("mixed", (AskedRequest("page", "/"),), login=(AskedRequest("sign in", "/login"),))
    verdicts = analyse(replace(made, plan=replace(made.plan, scenarios={"mixed": asked}))).verdicts.values()
    assert not any(WORDS in finding.text for verdict in verdicts for finding in verdict.findings)


@pytest.mark.parametrize(("fresh", "unserved"), [(16, 0), (16, 1), (400, 4), (None, 0)])
def test_others_are(fresh: int | None, unserved: int) -> None:
    verdicts = analyse(suite(fresh, unserved)).verdicts.values()
    assert not any(WORDS in finding.text for verdict in verdicts for finding in verdict.findings)


def test_what_a_server_that_has_ended_did_not_serve_is_no_finding_of_its_own() -> None:
    made = suite(21, 5)
    failure = Failure(made.plan.deployments[0].name, 1, "trial", "the server ended under load")
    half = [replace(trial, mean_s=(trial.mean_s or 0.0) / 2) for trial in made.trials]
    for verdict in analyse(replace(made, trials=tuple(half), failures=(failure,))).verdicts.values():
        assert not {"errors", "little"} & set(verdict.codes)
        assert "failed" in verdict.codes
    assert any("little" in v.codes for v in analyse(replace(made, trials=tuple(half))).verdicts.values())
