"""Reports where the users of a locust file made the load: what is compared, by whom, and its ceiling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import Calibration, LocustFile, LocustUsers, Suite, Users
from bench.model.finding import GENERATOR_BOUND
from bench.report import FORMATS
from bench.report.text import render
from bench.store import Writer, load
from tests.make_suite import USERS, make_suite, without_trials

FILE = LocustFile(
    "shop.py",
    "1f2e3d4c5b6a" + "0" * 52,
    "2.47.0",
    (LocustUsers("Visitor", "HttpUser", 12), LocustUsers("Admin", "FastHttpUser", 4)),
    tags=("read",),
)


def of_users(suite: Suite, *, mean_s: float, ceiling_rps: float = 100_000.0) -> Suite:
    """The suite as if the users of a file had made its load, each answer taking so long."""
    cases = tuple(replace(case, load=Users(USERS)) for case in suite.plan.cases)
    plan = replace(suite.plan, cases=cases, client="locustfile", locust=FILE)
    return replace(
        suite,
        plan=plan,
        trials=tuple(replace(trial, mean_s=mean_s) for trial in suite.trials),
        calibration=Calibration(ceiling_rps, ceiling_rps, 0.0004),
    )


def measured(*, mean_s: float = 0.0005, ceiling_rps: float = 100_000.0, fast: float = 3000.0) -> Suite:
    suite = make_suite({"gunicorn": fast, "waitress": 1000.0}, twin="gunicorn", open_rate=None, blocks=10)
    return of_users(suite, mean_s=mean_s, ceiling_rps=ceiling_rps)


def plain(text: str) -> str:
    return " ".join(text.split())


def test_response_times_are_compared_and_throughput_is_not() -> None:
    suite = measured()
    analysis = analyse(suite)

    assert {one.figure for one in analysis.comparisons} <= {"p50", "p95", "p99"}
    assert analysis.ranking
    assert analysis.twin is not None
    assert analysis.twin.figure in ("p50", "p95", "p99")
    text = plain(render(suite, analysis, 200))
    assert "faster than" not in text
    assert "times as much as" not in text
    assert f"two identical deployments of gunicorn differ in {analysis.twin.figure} by" in text


def test_users_who_think_decide_how_much_is_asked_and_the_report_says_so() -> None:
    suite = measured()
    text = plain(render(suite, analyse(suite), 200))

    # 1,000 to 3,000 a second x 0.5 ms of 16 users.
    assert "The users waited for answers for 3" in text
    assert "throughput isn't compared" in text
    assert "from the moment each request was due" not in text
    assert "Times count from when each request was sent, as locust's client saw it." in text


def test_users_who_hardly_think_are_told_apart() -> None:
    suite = measured(mean_s=0.0155, fast=1000.0)

    assert "The users hardly think" in plain(render(suite, analyse(suite), 200))


def test_the_report_says_which_client_made_the_load_and_what_its_ceiling_is() -> None:
    suite = measured(ceiling_rps=10_000.0)
    text = plain(render(suite, analyse(suite), 200))

    assert (
        "locust 2.47.0, shop.py (sha256 1f2e3d4c5b6a): 12 users of Visitor (HttpUser) and 4 users of Admin "
        "(FastHttpUser); tags read" in text
    )
    assert "By itself this client reaches 10,000 a second" in text
    assert "at most 30" in text


@pytest.mark.parametrize(("ceiling_rps", "bound"), [(3500.0, True), (100_000.0, False)])
def test_near_the_ceiling_a_case_is_bound_by_its_generator(ceiling_rps: float, bound: bool) -> None:
    verdicts = analyse(measured(ceiling_rps=ceiling_rps)).verdicts

    fast = verdicts["gunicorn/shortly/mixed/closed-16"]
    assert (GENERATOR_BOUND in fast.codes) == bound
    assert GENERATOR_BOUND not in verdicts["waitress/shortly/mixed/closed-16"].codes
    if bound:
        assert "FastHttpUser where the locust file has HttpUser" in fast.reasons[0]


def test_a_busy_generator_is_one_too() -> None:
    suite = measured()
    busy = replace(suite, trials=tuple(replace(trial, generator_cpu=0.9) for trial in suite.trials))

    assert all(GENERATOR_BOUND in verdict.codes for verdict in analyse(busy).verdicts.values())


def test_what_the_file_s_own_code_does_is_not_looked_for_in_the_server_s_log() -> None:
    suite = measured()
    trials = tuple(replace(t, failed=50, offered=t.offered + 50, errors={"task": 50}) for t in suite.trials)

    verdicts = analyse(replace(suite, trials=trials)).verdicts

    for verdict in verdicts.values():
        assert "exception in a task of the locust file" in verdict.reasons[0]
        assert "that is the locust file's own code" in verdict.reasons[0]


def test_every_format_is_made_of_it_and_it_is_stored_as_it_is(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    suite = measured()
    directory = tmp_path_factory.mktemp("stored") / "result"
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments)
        writer.finish(complete=True, finished=suite.finished)

    again = load(directory)

    assert again.plan == suite.plan
    for name, make in FORMATS.items():
        assert make(again, analyse(again)), name
