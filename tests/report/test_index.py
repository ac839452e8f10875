"""The index of all runs: which are comparable, what changed, and that nothing stale is believed."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.analysis.claim import verdict
from bench.analysis.trend import points, steps
from bench.model import Suite
from bench.report import index
from bench.report.index import history, runs, stored
from bench.report.index.stored import IndexedRun, Unreadable, find, read
from bench.report.index.trends import DRAWN, NEWEST, Trend, follow
from bench.store import DERIVED, LATENCY_LOG, RESULT
from tests.golden.test_golden import smoke, standard
from tests.make_history import FIRST, RATES, run_of, store
from tests.report.test_report import parsed

NOW = FIRST + timedelta(days=40)


def kept(suite: Suite, results: Path) -> IndexedRun:
    """As the index finds it."""
    found = read(store(suite, results))
    assert isinstance(found, IndexedRun)
    return found


def trends(suites: Iterable[Suite], results: Path) -> tuple[Trend, ...]:
    return follow([kept(suite, results) for suite in suites])


def marked(found: Iterable[Trend]) -> list[tuple[str, str, int, str]]:
    """Server, figure, place and verdict of each change that is claimed."""
    return [
        (trend.server, trend.figure, place, verdict(stage.step))
        for trend in found
        for place, stage in enumerate(trend.stages)
        if stage.step and stage.step.claimed
    ]


def test_the_index_lists_every_run(tmp_path: Path) -> None:
    for day, (name, made) in enumerate((("b", smoke()), ("a <b>", standard())), 1):
        store(replace(made, started=f"2026-01-0{day}T00:00:00+00:00"), tmp_path, name)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / RESULT).write_text("<nonsense>")
    (tmp_path / "no result").mkdir()
    page = index.write_index(tmp_path).read_text()
    found = parsed(page)
    links = [address for address in found.addresses if not address.startswith("#")]
    assert links == ["torn/report.html", "a%20%3Cb%3E/report.html", "b/report.html"]
    assert "not a measurement" in page
    assert "result.json, line 1: Expecting value" in page
    assert "1 to 2. uwsgi = waitress, 3. gunicorn" in page or "1 to 2. waitress = uwsgi, 3. gunicorn" in page


def test_two_runs_that_end_together_write_it_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_file(_path: Path, _chunks: object) -> None:
        another = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(another)
        raise InterruptedError

    monkeypatch.setattr(index, "replace_file", replace_file)
    for _ in range(2):
        with pytest.raises(InterruptedError):
            index.write_index(tmp_path)


def test_the_index_of_nothing() -> None:
    page = index.render([], NOW)
    assert "wsgi-bench run" in page
    assert "No two runs can be followed" in page


def test_a_run_has_its_age_and_versions(tmp_path: Path) -> None:
    page = index.render([kept(run_of(0, gunicorn="20.1"), tmp_path)], NOW)
    assert "ages are as of 2026-02-11 03:04 UTC" in page
    assert ">2026-01-02 03:04 UTC, 40\xa0days\xa0old</a>" in page
    assert '>Started <span class="unit">age on 2026-02-11</span>' in page
    assert "<td>wsgiref\xa0n/a, gunicorn\xa020.1</td>" in page
    newest = (
        "The newest measurement: 2026-01-02 03:04 UTC (40 days old), on testhost: 1. gunicorn, 2. wsgiref."
    )
    assert newest in page


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-1), "dated in the future"),
        (timedelta(seconds=119), "just made"),
        (timedelta(minutes=119), "119 minutes old"),
        (timedelta(hours=47.9), "47 hours old"),
        (timedelta(days=59.9), "59 days old"),
        (timedelta(days=60), "2 months old"),
        (timedelta(days=729), "24 months old"),
        (timedelta(days=730), "2 years old"),
    ],
)
def test_ages(ago: timedelta, words: str) -> None:
    assert runs.age((NOW - ago).isoformat(), NOW) == words


def test_a_time_that_cannot_be_read_has_no_age() -> None:
    assert runs.age("yesterday", NOW) == "of unknown age"


def test_a_change_is_marked_with_the_version_that_changed_with_it(tmp_path: Path) -> None:
    slower = {**RATES, "gunicorn": 2400.0}
    found = trends(
        [run_of(0), run_of(1), run_of(2, slower, gunicorn="28.0.0"), run_of(3, slower, gunicorn="28.0.0")],
        tmp_path,
    )
    assert ("gunicorn", "throughput", 2, "slower") in marked(found)
    assert {place for _, _, place, _ in marked(found)} == {2}
    assert {server for server, *_ in marked(found)} == {"gunicorn"}
    page = index.render([read(one) for one in find(tmp_path)], NOW)
    assert "gunicorn: throughput slower in the run of 2026-01-04 03:04 UTC" in page
    assert "With it changed: version of gunicorn from 27.0.1 to 28.0.0." in page


def test_equal_runs_have_no_mark(tmp_path: Path) -> None:
    found = trends([run_of(day) for day in range(6)], tmp_path)
    assert {trend.server for trend in found} == set(RATES)
    assert all(stage.step for trend in found for stage in trend.stages[1:])
    assert marked(found) == []


def test_false_marks_are_rare_however_long_the_history() -> None:
    found = [points(run_of(day, open_rate=None, histograms=False)) for day in range(60)]
    by_server = [[one[place] for one in found] for place in range(len(RATES))]
    assert [step for trend in steps(by_server) for step in trend.values() if step.comparison.claimed] == []


def test_open_load_is_followed_by_p99_where_all_have_it(tmp_path: Path) -> None:
    long = trends([run_of(day, rounds=6, blocks=30) for day in range(2)], tmp_path / "long")
    short = trends([run_of(day) for day in range(2)], tmp_path / "short")
    assert {trend.figure for trend in long} == {"throughput", "p99"}
    assert {trend.figure for trend in short} == {"throughput", "p50"}


def _other_machine(suite: Suite) -> Suite:
    return replace(suite, environment=replace(suite.environment, cpus=8))


def _other_host(suite: Suite) -> Suite:
    return replace(suite, environment=replace(suite.environment, host="other"))


def _other_profile(suite: Suite) -> Suite:
    return replace(suite, plan=replace(suite.plan, profile="full"))


def _other_runtime(suite: Suite) -> Suite:
    return replace(suite, plan=replace(suite.plan, runtime="compose"))


def _other_client(suite: Suite) -> Suite:
    return replace(suite, plan=replace(suite.plan, client="fasthttp"))


def _closing(suite: Suite) -> Suite:
    cases = tuple(replace(case, load=replace(case.load, connection="close")) for case in suite.plan.cases)
    return replace(suite, plan=replace(suite.plan, cases=cases))


def _no_claim(suite: Suite) -> Suite:
    return replace(suite, plan=replace(suite.plan, profile="smoke", claims=False))


@pytest.mark.parametrize(
    "other",
    [_other_machine, _other_host, _other_profile, _other_runtime, _other_client, _closing, _no_claim],
)
def test_what_is_not_comparable_makes_no_trend(tmp_path: Path, other: Callable[[Suite], Suite]) -> None:
    assert trends([run_of(0), other(run_of(1))], tmp_path) == ()


@pytest.mark.parametrize(("rate", "loads"), [(601.0, {"closed", "open"}), (620.0, {"closed"})])
def test_open_load_of_another_rate_is_another_case(tmp_path: Path, rate: float, loads: set[str]) -> None:
    found = trends([run_of(0), run_of(1, open_rate=rate)], tmp_path)
    assert {trend.circumstances.case.load.model for trend in found} == loads


def test_an_invalid_run_is_shown_and_nothing_is_compared_with_it(tmp_path: Path) -> None:
    wrong = run_of(1, {**RATES, "gunicorn": 1500.0}, error_share={"gunicorn": 0.2})
    found = trends([run_of(0), wrong, run_of(2)], tmp_path)
    assert marked(found) == []
    (trend,) = (one for one in found if (one.server, one.figure) == ("gunicorn", "throughput"))
    assert [bool(stage.step) for stage in trend.stages] == [False, False, True]
    section = next(one for one in history.sections(found) if one.id == "trend-1")
    (chart,) = (one for one in section.charts if one.server == "gunicorn")
    assert [row.kind for row in chart.table.rows] == ["plain", "unranked", "plain"]
    assert "not valid: errors" in chart.table.rows[1].cells[3]
    assert chart.svg.count('fill="none" stroke') == 1


def test_two_runs_that_could_show_nothing_say_so(tmp_path: Path) -> None:
    unsure = [run_of(day, rounds=2, restart_sd=0.4, open_rate=None) for day in range(2)]
    sure = [run_of(day, open_rate=None) for day in range(2)]

    def said(suites: Iterable[Suite], folder: Path) -> str:
        sections = history.sections(trends(suites, folder))
        return sections[1].charts[0].table.rows[0].cells[3]

    assert (
        said(unsure, tmp_path / "unsure")
        == "no detectable difference; not even twice as much is found in 8 of 10 such runs"
    )
    assert said(sure, tmp_path / "sure").endswith(" % is found in 8 of 10 such runs")


def test_a_server_without_a_figure_has_a_cross(tmp_path: Path) -> None:
    found = trends([run_of(0), run_of(1, absent=["gunicorn"]), run_of(2)], tmp_path)
    section = next(one for one in history.sections(found) if one.id == "trend-1")
    (chart,) = (one for one in section.charts if one.server == "gunicorn")
    assert chart.svg.count("\N{MULTIPLICATION SIGN}</text>") == 1
    assert chart.table.rows[1].cells[1:3] == ("n/a", "n/a")


def test_the_rest_of_a_long_history_is_in_the_list_only(tmp_path: Path) -> None:
    one = kept(run_of(0, open_rate=None), tmp_path)
    many = [
        replace(one, directory=f"{n:03}", outline=replace(one.outline, started=f"2026-01-01T00:{n:03}"))
        for n in range(NEWEST + 3)
    ]
    found = follow(many)
    assert {(len(trend.stages), trend.older) for trend in found} == {(NEWEST, 3)}
    assert found[0].stages[-1].run.directory == f"{NEWEST + 2:03}"
    assert "3 older runs not shown." in index.render(many, NOW)


def test_many_trends_have_fewer_runs_each(tmp_path: Path) -> None:
    one = kept(run_of(0, open_rate=None), tmp_path)
    many = [
        replace(point, case=replace(point.case, scenario=str(n)))
        for n in range(DRAWN // NEWEST)
        for point in one.points
    ]
    runs = [
        replace(one, points=tuple(many), outline=replace(one.outline, started=f"{n:03}"))
        for n in range(NEWEST)
    ]
    assert {(len(trend.stages), trend.older) for trend in follow(runs)} == {(NEWEST // 2, NEWEST // 2)}


def test_hostile_names_are_text(tmp_path: Path) -> None:
    rates = {"<script>alert(1)</script>": 3000.0, "服务器": 2000.0}
    found = [kept(run_of(day, rates), tmp_path) for day in range(2)]
    tags = parsed(index.render(found, NOW))
    assert tags.servers == set(rates)
    assert "alert" not in "".join(tags.inline["script"])


def test_what_was_derived_is_kept_until_the_result_changes(tmp_path: Path) -> None:
    directory = store(run_of(0), tmp_path)
    first = read(directory)
    before = (directory / DERIVED).read_bytes()
    assert read(directory) == first
    assert (directory / DERIVED).read_bytes() == before
    text = (directory / RESULT).read_text()
    (directory / RESULT).write_text(text.replace("2026-01-02T03:04:05", "2026-01-02T03:04:06"))
    changed = read(directory)
    assert isinstance(changed, IndexedRun)
    assert changed.started == "2026-01-02T03:04:06+00:00"


def test_what_was_kept_is_not_derived_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what each block said of tails, whose logarithms are below 0."""
    directory = store(run_of(0, rounds=6, blocks=30), tmp_path)
    first = read(directory)
    assert isinstance(first, IndexedRun)
    assert {len(point.effect.of_blocks) for point in first.points if point.effect} == {0, 18}
    monkeypatch.setattr(stored, "_derive", lambda _: pytest.fail("it was derived again"))
    assert read(directory) == first


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept[: len(kept) // 2],
        lambda _: b"",
        lambda _: b"\xff\xfe",
        lambda _: b"[" * 100_000,
        lambda _: b"[]",
        lambda kept: json.dumps({**json.loads(kept), "outline": {}}).encode(),
    ],
)
def test_what_is_kept_and_torn_is_not_believed(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    directory = store(run_of(0), tmp_path)
    first = read(directory)
    whole = (directory / DERIVED).read_bytes()
    (directory / DERIVED).write_bytes(damage(whole))
    assert read(directory) == first
    assert (directory / DERIVED).read_bytes() == whole


def test_what_cannot_be_kept_is_derived_each_time(tmp_path: Path) -> None:
    directory = store(run_of(0), tmp_path)
    (directory / DERIVED).mkdir()
    assert isinstance(read(directory), IndexedRun)
    assert isinstance(read(directory), IndexedRun)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r'"duration_s": [^,]+', '"duration_s": 0.0'),
        (r'"duration_s": [^,]+', '"duration_s": -0.1'),
        (r'"answers": [^,]+', '"answers": NaN'),
        (r'"deployment": "gunicorn.shortly"', '"deployment": "gone"'),
        (r'"expected_s": [^,\n]+', '"expected_s": NaN'),
    ],
)
def test_a_run_with_impossible_figures_hides_no_other(tmp_path: Path, old: str, new: str) -> None:
    store(run_of(0, open_rate=None), tmp_path)
    path = store(run_of(1, open_rate=None), tmp_path) / RESULT
    text, changed = re.subn(old, new, path.read_text())
    assert changed
    path.write_text(text)
    page = index.write_index(tmp_path).read_text()
    assert page.count('/report.html">') >= 2


def test_a_run_whose_latency_log_was_lost_is_not_shown_as_it_was(tmp_path: Path) -> None:
    directory = store(run_of(0), tmp_path)
    read(directory)
    (directory / LATENCY_LOG).unlink()
    assert isinstance(read(directory), Unreadable)


def test_a_result_that_breaks_after_it_was_read_is_not_shown_as_it_was(tmp_path: Path) -> None:
    directory = store(run_of(0), tmp_path)
    read(directory)
    (directory / RESULT).write_text("{")
    assert isinstance(read(directory), Unreadable)


def test_a_measurement_without_its_log_is_not_shown_as_whole(tmp_path: Path) -> None:
    directory = store(run_of(0), tmp_path)
    read(directory)
    (directory / "latency.hlog").unlink()
    found = read(directory)
    assert isinstance(found, Unreadable)
    assert "latency.hlog" in found.reason


def test_a_run_that_claims_nothing_is_listed_without_its_log(tmp_path: Path) -> None:
    directory = store(run_of(0, claims=False), tmp_path)
    (directory / "latency.hlog").unlink()
    found = read(directory)
    assert isinstance(found, IndexedRun)
    assert found.points == ()
