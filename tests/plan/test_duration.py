"""The time left that a run says, against how long real runs then took."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bench.model import MODELS
from bench.plan.duration import Pace, Parts, expected_s, in_words, parts_of
from bench.plan.layout import PROFILES
from tests.plan.test_plan import plan_of

# [monotonic seconds, part, how many of it ended] of a run of four rounds of three servers and a twin.
RECORD = json.loads((Path(__file__).parent / "pace.json").read_text())


def left(counts: Counter[str]) -> Parts:
    return Parts(
        start=counts["start"],
        warm_up=counts["warm-up"],
        pilot=counts["pilot"],
        measured={model: counts[model] for model in MODELS},
        stop=counts["stop"],
    )


def test_after_the_first_round_the_time_left_is_wrong_by_less_than_a_tenth_of_the_recorded_run() -> None:
    rest = Counter[str]()
    for _, part, count in RECORD:
        rest[part] += count
    whole_s = RECORD[-1][0] - RECORD[0][0]
    pace = Pace(plan_of("standard"), RECORD[0][0])
    rounds = 0
    asked = 0
    for now_s, part, count in RECORD:
        pace.done(part, count, now_s)
        rest[part] -= count
        rounds += part == "stop"
        if rounds:
            asked += 1
            assert pace.left_s(left(rest)) == pytest.approx(RECORD[-1][0] - now_s, abs=whole_s / 10)
    assert rounds == 4
    assert asked > 40
    assert pace.left_s(left(rest)) == 0


def test_before_anything_was_measured_the_time_left_is_that_of_the_plan() -> None:
    plan = plan_of("standard")
    whole_s = Pace(plan, 0.0).left_s(parts_of(plan))

    assert whole_s < expected_s(plan) < whole_s + 10


def test_what_a_part_takes_of_late_counts_for_more_than_what_it_took_once() -> None:
    pace = Pace(plan_of("standard"), 0.0)
    for block in range(1, 101):
        pace.done("closed", 1, float(block))
    for block in range(1, 101):
        pace.done("closed", 1, 100.0 + 2 * block)

    assert pace.left_s(left(Counter(closed=10))) == pytest.approx(20, rel=0.01)


def test_the_time_for_what_does_not_come_again_is_in_no_part() -> None:
    plan = plan_of(PROFILES["standard"])
    pace = Pace(plan, 0.0)
    before = pace.left_s(parts_of(plan))
    pace.skip(1000.0)
    pace.done("closed", 0, 2000.0)

    assert pace.left_s(parts_of(plan)) == before


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (40.4, "40 s"),
        (250, "4 min 10 s"),
        (600, "10 min"),
        (3599, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
