"""What is said of a run while it goes on: states, figures, and the time left at the pace it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import pytest

from bench.live import watch as module
from bench.live.progress import Reporter
from bench.live.screen import Screen
from bench.live.watch import Watch
from bench.model import Failure, Plan, Suite, Trial
from bench.plan.blocks import block_models
from bench.plan.duration import expected_each_s, in_words, parts_of
from tests.make_suite import make_suite

RATES = {"gunicorn": 3000.0, "waitress": 2000.0, "wsgiref": 900.0}
TAKES_S = {"start": 0.9, "warm-up": 1.2, "closed": 0.17, "open": 1.3, "stop": 0.4}
FAILURE = Failure(
    "wsgiref.shortly",
    2,
    "trial",
    "the server ended under load: it was killed by SIGSEGV",
    ("a", "MemoryError"),
)


class Recorder(Reporter):
    """Keeps what it is told, on a terminal or not."""

    def __init__(self, *, live: bool) -> None:
        super().__init__(quiet=True)
        self.live = live
        self.said: list[str] = []
        self.screens: list[Screen] = []

    def phase(self, text: str) -> None:
        self.said.append(text)

    def notice(self, text: str) -> None:
        self.said.append(text)

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)

    def problem(self, text: str) -> None:
        self.said.append(text)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def played(watch: Watch, suite: Suite, clock: Clock, fails_in: int | None = None) -> Iterator[float]:
    """Have a run happen as the runner tells it; the time after each block."""
    plan, models = suite.plan, block_models(suite.plan)
    members = [deployment.name for deployment in plan.deployments]
    for number, trials in groupby(suite.trials, key=lambda trial: trial.round):
        for _ in watch.starting(number, [d for d in plan.deployments if d.name in members]):
            clock.now_s += TAKES_S["start"]
        watch.started(members, ())
        clock.now_s += TAKES_S["warm-up"] * len(members)
        watch.warmed_up()
        watch.measuring(plan, members)
        of_round = [trial for trial in trials if trial.case.split("/")[0] + ".shortly" in members]
        blocks: dict[str, Iterator[list[Trial]]] = {
            model: iter([list(b) for _, b in groupby(_of(of_round, model), key=lambda trial: trial.block)])
            for model in ("closed", "open")
        }
        for model in models:
            block = next(blocks[model], [])
            clock.now_s += TAKES_S[model] * len(block)
            watch.measured(model, block)
            yield clock.now_s
        if number == fails_in:
            members.remove(FAILURE.deployment)
            watch.failed([FAILURE])
        clock.now_s += TAKES_S["stop"] * len(members)
        watch.stopped()
        yield clock.now_s


def _of(trials: list[Trial], model: str) -> list[Trial]:
    return [trial for trial in trials if trial.case.endswith("/open") == (model == "open")]


def everything(suite: Suite) -> dict[int, list[int]]:
    return {n: list(range(len(block_models(suite.plan)))) for n in range(1, suite.plan.rounds + 1)}


@pytest.mark.parametrize("fails_in", [None, 1, 3])
def test_time_left_is_right_after_the_first_round(clock: Clock, fails_in: int | None) -> None:
    suite = make_suite(RATES, twin="gunicorn", rounds=5, blocks=20)
    watch = Watch(suite.plan, Recorder(live=False), everything(suite), ())
    said = [(now_s, watch.left_s()) for now_s in played(watch, suite, clock, fails_in)]

    first = 1 if fails_in is None else fails_in
    later = said[first * (len(said) // suite.plan.rounds) :]
    assert later
    for now_s, left_s in later:
        assert left_s == pytest.approx(clock.now_s - now_s, rel=0.1, abs=0.5)


def test_before_anything_is_measured_time_left_is_that_of_the_plan() -> None:
    suite = make_suite(RATES)
    watch = Watch(suite.plan, Recorder(live=False), everything(suite), ())

    assert watch.left_s() == pytest.approx(parts_of(suite.plan).seconds(expected_each_s(suite.plan)))


def test_no_more_time_is_left_than_minutes_leave(clock: Clock) -> None:
    suite = make_suite(RATES)
    watch = Watch(replace(suite.plan, minutes=0.5), Recorder(live=False), everything(suite), ())

    assert watch.left_s() == 30
    clock.now_s += 10
    assert watch.left_s() == 20


def test_a_resumed_run_has_its_figures_and_only_the_rest_to_do() -> None:
    suite = make_suite(RATES, rounds=4)
    saved = [trial for trial in suite.trials if trial.round < 4]
    rounds = {4: everything(suite)[4]}
    watch = Watch(suite.plan, Recorder(live=True), rounds, saved)
    whole = Watch(suite.plan, Recorder(live=True), everything(suite), ())

    screen = watch.screen()
    assert screen.done == pytest.approx(0.75)
    assert all(line.figure and line.half_width for line in screen.lines if "16 users" in line.load)
    assert watch.left_s() == pytest.approx(whole.left_s() / 4)


def test_states_follow_the_run_and_a_failure_stays(clock: Clock) -> None:
    suite = make_suite(RATES, rounds=3, blocks=10)
    reporter = Recorder(live=True)
    watch = Watch(suite.plan, reporter, everything(suite), ())
    assert {line.state for line in watch.screen().lines} == {"waiting"}

    for _ in played(watch, suite, clock, fails_in=2):
        pass
    seen = {(line.server, line.state) for screen in reporter.screens for line in screen.lines}
    assert {state for server, state in seen if server == "gunicorn"} == {
        "waiting", "starting", "warming up", "measuring",
    }  # fmt: skip
    last = watch.screen()
    assert {line.server for line in last.lines if line.state == "failed"} == {"wsgiref"}
    assert last.failure == (f"wsgiref.shortly failed: {FAILURE.reason}", "a", "MemoryError")
    assert last.done == 1.0


def test_it_draws_no_more_than_once_a_second_while_it_measures(clock: Clock) -> None:
    suite = make_suite(RATES, rounds=1, blocks=30, open_rate=None)
    reporter = Recorder(live=True)
    watch = Watch(suite.plan, reporter, everything(suite), ())
    run = played(watch, suite, clock)
    next(run)
    before, began_s = len(reporter.screens), clock.now_s
    for _ in run:
        pass

    assert 0 < len(reporter.screens) - before <= clock.now_s - began_s + 1


def test_without_a_terminal_each_round_has_a_line_with_figures(clock: Clock) -> None:
    suite = make_suite(RATES, rounds=2, blocks=10)
    reporter = Recorder(live=False)
    for _ in played(Watch(suite.plan, reporter, everything(suite), ()), suite, clock):
        pass

    ends = [text for text in reporter.said if " done, about " in text]
    assert [text[:18] for text in ends] == ["round 1 of 2 done,", "round 2 of 2 done,"]
    for text in ends:
        assert (
            "closed load of 16 users: gunicorn 3," in text or "closed load of 16 users: gunicorn 2,9" in text
        )
        assert text.count("±") == len(RATES)
    assert reporter.screens == []


def going_on(suite: Suite, *, minutes: float | None = None) -> Plan:
    return replace(suite.plan, until=0.015, minutes=minutes)


def test_how_well_ratios_are_known_is_said_with_the_time_that_the_rest_takes(clock: Clock) -> None:
    suite = make_suite(RATES, rounds=6, blocks=10)
    reporter = Recorder(live=False)
    plan = going_on(suite)
    watch = Watch(plan, reporter, everything(suite), ())
    for _ in played(watch, replace(suite, plan=plan), clock):
        pass
    took_s = clock.now_s - 1000.0
    more = {number: list(range(len(block_models(plan)))) for number in range(7, 10)}

    watch.looked(replace(plan, rounds=9), more, 0.0183)

    assert watch.left_s() == pytest.approx(took_s / 2, rel=0.05)
    assert reporter.said[-1] == (
        f"Round 6: ratios known to ±1.83 %, asked ±1.5 %; about {in_words(watch.left_s())} left"
    )
    assert watch.screen().done == pytest.approx(6 / 9)
    watch.looked(plan, {}, 0.0149)
    assert reporter.said[-1] == "Round 6: ratios known to ±1.49 %, asked ±1.5 %"


def test_a_line_on_how_well_ratios_are_known_fits_80_columns() -> None:
    suite = make_suite(RATES, rounds=6)
    plan = replace(going_on(suite), rounds=59, until=0.0125)
    reporter = Recorder(live=False)
    for half_width in (1e9, 0.999, 0.0123):
        Watch(plan, reporter, {}, ()).looked(plan, {59: everything(suite)[1]}, half_width)

    assert "known to over ±100 %, asked ±1.25 %;" in reporter.said[0]
    assert max(len(f"12:34:56 {text}") for text in reporter.said) <= 80


def test_before_it_can_be_foreseen_the_time_left_is_a_bound() -> None:
    suite = make_suite(RATES, rounds=6)
    for minutes, word in ((None, "at least"), (5, "at most")):
        watch = Watch(going_on(suite, minutes=minutes), Recorder(live=False), everything(suite), ())
        assert watch.screen().left.startswith(word)
        watch.looked(going_on(suite, minutes=minutes), everything(suite), 0.05)
        assert watch.screen().left.startswith("about")
