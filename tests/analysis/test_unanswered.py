"""A case without one right answer is never valid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from tests.make_suite import make_suite


@pytest.mark.parametrize("claims", [True, False])
def test_a_case_without_one_right_answer_is_not_valid(claims: bool) -> None:
    suite = make_suite({"gunicorn": 3000.0}, claims=claims)
    silent = tuple(replace(t, offered=0, ok=0, answers=0.0, mean_s=None, histograms={}) for t in suite.trials)

    found = analyse(replace(suite, trials=silent))

    assert not any(verdict.valid for verdict in found.verdicts.values())


def test_what_fails_behind_every_server_is_the_applications_affair() -> None:
    suite = make_suite({"gunicorn": 3000.0, "waitress": 2000.0}, histograms=False)
    wrong = {
        trial.case: replace(trial, ok=0, answers=0.0, failed=trial.offered, errors={"status": trial.offered})
        for trial in suite.trials
    }
    both = analyse(replace(suite, trials=tuple(wrong[trial.case] for trial in suite.trials))).verdicts
    one = analyse(
        replace(suite, trials=tuple(wrong[t.case] if "gunicorn" in t.case else t for t in suite.trials))
    ).verdicts

    for case, verdict in both.items():
        assert any("which makes it the application's affair" in reason for reason in verdict.reasons)
        assert not any("which makes it the application's affair" in reason for reason in one[case].reasons)
    assert any("read the server's log" in reason for v in one.values() for reason in v.reasons)
