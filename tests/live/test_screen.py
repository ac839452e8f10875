"""The live table: what is drawn of a run, and that 80 columns and few lines are enough."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.live.progress import Reporter
from bench.live.screen import Line, Screen
from bench.live.watch import Watch
from bench.model import Failure, Plan, Suite
from tests.make_suite import make_suite

LONG = "gunicorn-gthread-with-a-name-that-goes-on"
EIGHT = Screen(
    "round 2 of 6: measuring 4 servers",
    done=0.4,
    left="about 4 min 10 s left",
    lines=tuple(
        Line(f"{LONG}-{i}", "mixed, open 50 %, close", "warming up", "1,234,567 a second", 4401.6)
        for i in range(8)
    ),
    failure=("uwsgi.shortly failed: the server ended before it answered, " * 3, *["\tat line 3 " * 20] * 5),
)


def drawn(screen: Screen, *, width: int = 80, height: int = 24) -> list[str]:
    output = StringIO()
    Console(file=output, width=width, height=height, color_system=None).print(screen)
    return output.getvalue().splitlines()


@pytest.fixture(scope="module")
def suite() -> Suite:
    return make_suite({"gunicorn": 3000.0, "waitress": 2000.0}, rounds=2, blocks=20)


def watch(plan: Plan, suite: Suite) -> Watch:
    return Watch(plan, Reporter(quiet=True), {1: range(22), 2: range(22)}, suite.trials)


def test_eight_rows_with_long_names_and_a_failure_fit_80_columns_and_24_lines() -> None:
    lines = drawn(EIGHT)

    assert max(map(cell_len, lines)) <= 80
    assert len(lines) < 24
    assert (
        sum("warming up" in line and "1,234,567 a second" in line and "> 100 %" in line for line in lines)
        == 8
    )
    assert all("…" in line for line in lines if "warming up" in line)
    assert any("about 4 min 10 s left" in line for line in lines)
    assert any(line.startswith("uwsgi.shortly failed: ") for line in lines)


def test_a_low_window_says_how_many_rows_it_lacks() -> None:
    lines = drawn(EIGHT, height=14)

    assert len(lines) <= 14
    shown = sum("warming up" in line for line in lines)
    assert any(f"and {8 - shown} more" in line for line in lines)


def test_a_case_is_shown_with_its_state_its_figure_and_its_interval(suite: Suite) -> None:
    run = watch(suite.plan, suite)
    list(run.starting(2, suite.plan.deployments))
    run.started([d.name for d in suite.plan.deployments], [])
    lines = drawn(run.screen())

    closed = next(line for line in lines if line.startswith("gunicorn") and "16 users" in line)
    opened = next(line for line in lines if line.startswith("gunicorn") and "open" in line)
    assert "warming up" in closed
    assert " a second" in closed
    assert "±" in closed
    assert " ms" in opened


def test_a_server_that_fails_is_shown_with_its_last_lines_and_expected_no_more(
    suite: Suite, capfd: pytest.CaptureFixture[str]
) -> None:
    run = watch(suite.plan, suite)
    list(run.starting(1, suite.plan.deployments))
    before_s = run.left_s()
    run.failed([Failure("waitress.shortly", 1, "trial", "it ended by itself", ("one", "Segmentation fault"))])
    lines = drawn(run.screen())

    assert sum(line.startswith("waitress") and "failed" in line for line in lines) == 3
    assert lines[-1].strip() == "Segmentation fault"
    assert run.left_s() == pytest.approx(before_s / 2, rel=0.01)
    assert "it ended by itself\n    one\n    Segmentation fault" in capfd.readouterr().err
