"""What is said of load generators on other hosts."""

from __future__ import annotations

from dataclasses import replace

from bench.analysis import analyse
from bench.model import Generator, Generators, Suite
from bench.report import generators
from bench.report.html import render
from tests.make_suite import make_suite

SHARES = {
    "near": {"cpu": 0.25, "offered": 300.0, "lateness_p99_s": 0.0002},
    "far": {"cpu": 0.5, "offered": 100.0},
}


AGAIN = (
    {"reason": "generator", "generator": "far", "case": "a", "at": "2026-01-02T03:04:05+00:00"},
    # Two were lost in one trial.
    {"reason": "generator", "generator": "near", "case": "a", "at": "2026-01-02T03:04:05+00:00"},
    {"reason": "generator", "generator": "far", "case": "", "at": "2026-01-02T03:05:05+00:00"},
)


def suite_of(*seen: Generator) -> Suite:
    suite = make_suite({"waitress": 2000.0}, rounds=1, blocks=2)
    return replace(
        suite,
        plan=replace(suite.plan, generators=Generators(2, "10.0.0.5", 5557)),
        trials=tuple(replace(trial, generators=SHARES) for trial in suite.trials),
        generators=seen,
    )


NEAR = Generator("near", "near", 4, "3.11.7", 0.0002, {"a": 0.0001, "b": 0.0003})
FAR = Generator("far", "far", 2, "3.11.7", 0.011, {"a": 0.01}, lost=1, spoiled=2)


def test_each_has_a_row_with_the_network_apart() -> None:
    [table] = generators.tables(suite_of(NEAR, FAR))

    rows = {row.cells[0]: row.cells[1:] for row in table.rows}
    assert rows == {
        "near": ("4", "25.0", "0.200", "0.200", "0", "0"),
        "far": ("2", "50.0", "", "10.0", "1", "2"),
    }


def test_the_networks_share_is_said_in_a_sentence() -> None:
    [line] = generators.lines(suite_of(NEAR, FAR))

    assert line.startswith(
        "2 load generators on other hosts made the load: a connection from them takes 0.200 to 10.0 ms"
    )


def test_who_was_lost_is_named() -> None:
    [line] = generators.lost(replace(suite_of(NEAR, FAR), gaps=AGAIN))

    assert line.startswith("Lost were far (1 time); 1 trial in which")
    assert not list(generators.lost(suite_of(NEAR)))


def test_trials_done_again_are_said_where_nobody_was_lost() -> None:
    [line] = generators.lost(replace(suite_of(NEAR), gaps=AGAIN))

    assert line.startswith("1 trial in which a load generator was late was done again")


def test_nothing_is_said_where_this_host_made_the_load() -> None:
    suite = make_suite({"waitress": 2000.0}, rounds=1, blocks=2)

    assert not generators.tables(suite)
    assert not list(generators.lines(suite))


def test_a_hosts_name_is_no_markup() -> None:
    suite = suite_of(replace(NEAR, name="<script>alert(1)</script>"))

    page = render(suite, analyse(suite))

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_blocks_with_other_generators_are_said() -> None:
    suite = suite_of(NEAR, FAR)
    first, *others = suite.trials
    alone = replace(first, generators={"near": SHARES["near"]})

    [line] = generators.mixed(
        replace(suite, trials=(alone, replace(first, order=1, case=first.case), *others))
    )

    assert line.startswith("In 1 block a load generator came or went")
    assert not list(generators.mixed(suite))


def test_generators_without_a_user_are_said() -> None:
    suite = suite_of(NEAR, FAR)
    many = replace(suite, plan=replace(suite.plan, generators=Generators(20, "10.0.0.5", 5557)))

    assert [*generators.idle(many)] == [
        "Closed load of 16 users is made by as many load generators; the others are idle meanwhile."
    ]
    assert not list(generators.idle(suite))
