"""Users who are not logged in: their logins failed, or their sessions ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import Suite, Verdict
from bench.model.finding import exit_code
from bench.model.scenario import AskedRequest, AskedScenario
from tests.make_suite import make_suite

LOGIN = (AskedRequest("sign in", "/login?next=/"), AskedRequest("send password", "/session", "POST"))


def suite(wrong: Mapping[str, int], *, failed: int = 0, of_trials: int = 1000, claims: bool = True) -> Suite:
    """A server whose first trials have these wrong answers; its users log in."""
    made = make_suite({"gunicorn": 1000.0}, claims=claims, histograms=False)
    trials = tuple(
        replace(
            trial, wrong=wrong, failed=failed, errors={"status": failed} if failed else {},
            offered=trial.offered + failed,
        )
        if number < of_trials
        else trial
        for number, trial in enumerate(made.trials)
    )  # fmt: skip
    asked = AskedScenario("mixed", (AskedRequest("account", "/account"),), login=LOGIN)
    return replace(made, trials=trials, plan=replace(made.plan, scenarios={"mixed": asked}))


def closed(made: Suite) -> Verdict:
    case = next(case for case in made.plan.cases if case.load.waits)
    return analyse(made).verdicts[case.id]


@pytest.mark.parametrize("claims", [True, False])
def test_a_case_whose_users_could_not_log_in_is_not_valid(claims: bool) -> None:
    """Whatever they were answered: the page for strangers may be right by all that is known."""
    verdict = closed(suite({"login: 403": 3, "login: no answer": 1}, claims=claims))
    [finding] = verdict.findings
    assert finding.code == "errors"
    assert "trials up to 4 of its users were not logged in" in finding.text
    assert "since their logins got '403', 'no answer'" in finding.text
    assert exit_code(verdict.findings) == 3


def test_a_login_that_failed_once_is_no_reason() -> None:
    made = suite({"login: 403": 1}, of_trials=1)
    assert not any(
        finding.code == "errors"
        for verdict in analyse(made).verdicts.values()
        for finding in verdict.findings
    )


@pytest.mark.parametrize(
    ("words", "path"), [("302 to /login", "/login"), ("303 to /session", "/session"), ("302 to /slow", "")]
)
def test_users_whose_sessions_ended_are_not_the_servers_fault(words: str, path: str) -> None:
    verdict = closed(suite({words: 50}, failed=50))
    [text] = [finding.text for finding in verdict.findings if finding.code == "errors"]
    if path:
        assert f"users were sent to {path} to log in again: their sessions had ended" in text
        assert "read the server's log" not in text
    else:
        assert "read the server's log" in text


def test_processes_that_know_sessions_of_their_own_may_be_why() -> None:
    made = suite({"302 to /login": 50}, failed=50)
    [text] = [finding.text for finding in closed(made).findings if finding.code == "errors"]
    assert "processes each know sessions of their own" not in text
    records = tuple(replace(record, workers=3) for record in made.deployments)
    [text] = [f.text for f in closed(replace(made, deployments=records)).findings if f.code == "errors"]
    assert "or this server's 3 processes each know sessions of their own" in text


@pytest.mark.parametrize(("words", "advised"), [("200, 3,000 bytes", True), ("200, no body", False)])
def test_a_page_of_another_length_may_be_right(words: str, advised: bool) -> None:
    made = suite({words: 50}, failed=50)
    trials = tuple(
        replace(trial, errors={"length": trial.failed} if trial.failed else {}) for trial in made.trials
    )
    [text] = [f.text for f in closed(replace(made, trials=trials)).findings if f.code == "errors"]
    assert ("where other lengths are right, too, say what each right page holds" in text) is advised
