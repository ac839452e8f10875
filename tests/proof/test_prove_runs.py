"""Claims made from whole runs: what they say is decided by stored runs, whose truth is known.

One short live run of each kind shows that the parts work together; no figure of it is judged.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import psutil
import pytest

from bench.analysis import analyse
from bench.analysis.estimate import Effect
from bench.model import OtherProgram, Suite
from bench.model.errors import MachineError
from bench.store import RESULT, Writer
from proof import busy, coverage, repeating, slower, standard, twins
from proof.evidence import Archive
from proof.repeating import REPEAT_VARIABLE
from proof.runs import planned_run
from proof.variants import Size
from tests.make_suite import make_suite, without_trials

REPEATS = {"plain": "0.0", "slower-3": "0.03", "slower-5": "0.05"}
SAMPLES = [[float(second), 100_000_000, 60_000_000] for second in range(60)]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def store(directory: Path, suite: Suite) -> None:
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments)
        writer.finish(complete=True, finished=suite.finished)


@pytest.fixture
def measured(archive: Archive) -> Archive:
    """An archive with a standard run that was watched."""
    directory = archive.runs("standard")
    store(directory, make_suite({"waitress": 2500.0, "gunicorn": 3000.0}, twin="waitress"))
    (directory / "watched.json").write_text(json.dumps({"total_s": 1000.0, "samples": SAMPLES}))
    return archive


def test_claims_that_share_a_run(measured: Archive) -> None:
    before = (measured.runs("standard") / RESULT).stat().st_mtime_ns

    width = standard.width(measured)
    duration = standard.duration(measured)
    memory = standard.memory(measured)
    covered = coverage.prove(measured, runs=40)

    assert list(width.raw) == ["waitress / gunicorn"]
    assert 0.0 < width.raw["waitress / gunicorn"] < 0.03
    assert duration.raw["total_s"] == 1000.0
    # 6 rounds of 30 blocks of 0.1 s and 3 of 1 s, of three deployments.
    assert duration.raw["inside_s"] == pytest.approx(6 * 3 * (30 * 0.1 + 3 * 1.0), rel=0.1)
    assert not duration.holds
    block_sd, _ = covered.raw["block sd, restart sd"]["waitress / gunicorn"]
    assert width.note.endswith(f"between the blocks of a round: {block_sd:.1%}")
    assert memory.holds
    assert memory.reached.startswith("at most 160 MB, +0.00 MB a minute")
    assert covered.raw["covered"]["ratios"] >= 0.8
    assert (measured.runs("standard") / RESULT).stat().st_mtime_ns == before


def test_a_driver_that_grows_does_not_hold(measured: Archive) -> None:
    file = measured.runs("standard") / "watched.json"
    grown = [[second, harness, driver * (1 + second / 100)] for second, harness, driver in SAMPLES]
    file.write_text(json.dumps({"total_s": 1000.0, "samples": grown}))
    assert standard.memory(measured).holds is False


def slower_run(seed: int) -> Suite:
    """A run of the plain server, its twin, and two that are slower by exactly what was asked."""
    rates = {"plain": 3000.0, "slower-3": 3000.0 * 0.97, "slower-5": 3000.0 * 0.95}
    suite = make_suite(rates, twin="plain", open_rate=None, seed=seed, noise_sd=0.01, restart_sd=0.001)
    deployments = tuple(
        replace(d, server=replace(d.server, environment={REPEAT_VARIABLE: REPEATS[d.server.name]}))
        for d in suite.plan.deployments
    )
    return replace(suite, plan=replace(suite.plan, deployments=deployments))


def test_what_was_planted_is_found_in_stored_runs(archive: Archive) -> None:
    suites = [slower_run(seed) for seed in (1, 2, 3)]
    found = slower.prove(archive, made=lambda _: suites)
    assert found.raw["repeats"] == REPEATS
    assert found.reached.startswith("3% slower planted, -3.0%")
    assert found.reached.endswith("found in 3 of 3")
    assert found.holds


@pytest.mark.parametrize(("open_rate", "tail"), [(2000.0, "p99"), (300.0, "p95")])
def test_twins_are_compared_as_in_a_report(open_rate: float, tail: str) -> None:
    suite = make_suite({"gunicorn": 3000.0}, twin="gunicorn", open_rate=open_rate, rounds=10, blocks=10)
    found = twins.comparisons(suite)
    assert [comparison.figure for comparison in found] == ["throughput", "cpu", tail, "p50"]
    assert not any(comparison.claimed for comparison in found)


def test_what_a_request_costs_decides_how_many_are_done_twice() -> None:
    repeats = slower.repeats_of(Effect(math.log(1.4), 0.01, 60))
    # Half of them twice added 40 %, so each adds 80 %.
    assert repeats == pytest.approx({0.03: (1 / 0.97 - 1) / 0.8, 0.05: (1 / 0.95 - 1) / 0.8})


@pytest.mark.parametrize("added", [None, Effect(math.log(0.99), 0.01, 60), Effect(math.log(1.02), 0.01, 60)])
def test_too_little_to_plant_anything_by_is_said(added: Effect | None) -> None:
    with pytest.raises(MachineError, match="too little to plant anything by it"):
        slower.repeats_of(added)


@pytest.mark.parametrize(("method", "asked"), [("GET", 125), ("POST", 100)])
def test_the_plant_does_its_share_of_requests_twice(
    monkeypatch: pytest.MonkeyPatch, method: str, asked: int
) -> None:
    calls: list[object] = []

    def shortly(environ: object, start_response: object) -> Sequence[bytes]:
        calls.append(environ)
        assert start_response is not None
        return [b"page"]

    monkeypatch.setattr(repeating, "shortly", shortly)
    monkeypatch.setattr(repeating, "_SHARE", 0.25)
    monkeypatch.setattr(repeating, "_numbers", count())
    bodies = [
        repeating.application({"REQUEST_METHOD": method}, lambda *_: lambda _: None) for _ in range(100)
    ]
    assert bodies == [[b"page"]] * 100
    assert len(calls) == asked


@pytest.mark.slow
def test_a_run_of_planted_servers_for_real(archive: Archive) -> None:
    servers = [slower._server("plain", 0), slower._server("slower-5", 0.5)]
    plan = slower._plan(Size(rounds=1, blocks=1).profile(twin=True), servers, seed=1)
    suite = planned_run(archive.runs("slower"), plan)
    stored = (archive.runs("slower") / RESULT).stat().st_mtime_ns
    assert {trial.case.partition("/")[0] for trial in suite.trials} == {"plain", "plain-twin", "slower-5"}
    assert all(trial.ok and not trial.failed for trial in suite.trials)
    assert planned_run(archive.runs("slower"), plan).trials == suite.trials
    assert (archive.runs("slower") / RESULT).stat().st_mtime_ns == stored


@pytest.mark.slow
def test_a_standard_run_is_watched_and_kept_for_real(archive: Archive) -> None:
    options = ("--servers", "waitress", "--app", "hello", "--rounds", "1", "--blocks", "1", "--rate", "200")
    suite = standard.run(archive, options)
    watched = json.loads((archive.runs("standard") / "watched.json").read_text())
    assert any(harness and driver for _, harness, driver in watched["samples"])
    assert watched["total_s"] > sum(trial.duration_s for trial in suite.trials) > 0
    assert standard.run(archive, options).trials == suite.trials


def with_generator_at(made: Suite, cpu: float) -> Suite:
    return replace(made, trials=tuple(replace(trial, generator_cpu=cpu) for trial in made.trials))


def on_a_busy_machine(rates: Mapping[str, float]) -> Suite:
    made = make_suite(rates, seed=2)
    return replace(made, others=(OtherProgram(1, "cc1", 0.9),))


QUIET = {"waitress": 2500.0, "gunicorn": 3000.0, "uwsgi": 4000.0}


@pytest.mark.parametrize(
    ("suite", "holds", "said"),
    [
        (on_a_busy_machine(QUIET), True, "the worst of 2 pairs"),
        (on_a_busy_machine({**QUIET, "uwsgi": 3600.0}), False, "uwsgi / waitress: -1"),
        (replace(on_a_busy_machine(QUIET), others=()), False, "names nobody"),
        (
            with_generator_at(on_a_busy_machine(QUIET), 0.95),
            False,
            "uwsgi/shortly/mixed/closed-16 is generator-bound",
        ),
    ],
    ids=["alike", "other ratio", "nobody named", "generator-bound"],
)
def test_a_busy_machine_is_to_change_no_ratio(suite: Suite, holds: bool, said: str) -> None:
    found = busy.judged(make_suite(QUIET), suite)
    assert found.holds is holds
    assert said in f"{found.reached}; {found.note}"


def test_what_disturbs_has_ended_afterwards() -> None:
    mine = {child.pid for child in psutil.Process().children()}
    with busy.disturbed():
        started = [child for child in psutil.Process().children() if child.pid not in mine]
        assert len(started) == 2
        assert {os.getsid(child.pid) for child in started} == {child.pid for child in started}
    assert not any(child.is_running() for child in started)
