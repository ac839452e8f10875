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
