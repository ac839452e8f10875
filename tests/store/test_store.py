"""What is saved comes back, whatever happened to the process, the disk or the file."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from itertools import count, cycle
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

import bench.store
from bench import model
from bench.analysis import analyse
from bench.machine.process import CommandFailed, run
from bench.model import Failure, Suite, variant
from bench.model.errors import MachineError, ResultError
from bench.store import JOURNAL, LATENCY_LOG, RESULT, Writer, load, outline
from bench.store.analysis_document import change_to_document, pair_to_document
from tests.make_suite import make_suite, make_versions, without_trials

SCHEMA = json.loads((Path(bench.store.__file__).parent.parent / "schema/result-1.json").read_text())


@pytest.fixture(scope="module")
def suite() -> Suite:
    made = make_suite(
        {"gunicorn": 3000.0, "服务器 <b>": 900.0},
        twin="gunicorn",
        rounds=2,
        blocks=4,
        failures=[
            Failure("gunicorn.shortly", 2, "trial", "ended after 10 s \udc80", ("last\x1b[31m line", ""))
        ],
    )
    return replace(made, gaps=({"reason": "interrupted", "seconds": 3.5, "list": (1, 2)},))


def blocks(suite: Suite) -> Iterator[tuple[model.Trial, ...]]:
    """The suite's trials as the runner saves them."""
    keys = list(dict.fromkeys((t.round, t.block, "open" in t.case) for t in suite.trials))
    for key in keys:
        yield tuple(t for t in suite.trials if (t.round, t.block, "open" in t.case) == key)


def save(directory: Path, suite: Suite, *, finish: bool = True) -> None:
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        for block in blocks(suite):
            writer.append(trials=block)
        writer.append(deployments=suite.deployments, failures=suite.failures)
        for gap in suite.gaps:
            writer.append(gap=gap)
        if finish:
            writer.finish(complete=suite.complete, finished=suite.finished)


def unfinished(suite: Suite) -> Suite:
    return replace(suite, complete=False, finished=None)


def test_round_trip(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite)
    assert load(tmp_path / "run") == suite
    assert load(tmp_path / "run" / RESULT) == suite
    assert not (tmp_path / "run" / JOURNAL).exists()


def test_every_block_is_there_before_the_end(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite, finish=False)
    assert load(tmp_path / "run") == unfinished(suite)


def test_each_block_costs_one_append(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite, finish=False)
    journal = (tmp_path / "run" / JOURNAL).read_text().splitlines()
    assert len(journal) == len(list(blocks(suite))) + 2
    assert all(json.loads(line).keys() == {"crc32", "entry"} for line in journal)


def test_the_pilot_and_calibration_may_come_later(tmp_path: Path, suite: Suite) -> None:
    plan = replace(suite.plan, rate=750.0)
    like = model.Sample(420, 1559, differing=True)
    other = model.Ceiling(4.0, 5.0, 6.0, "shop", "get", like)
    calibration = model.Calibration(1.0, 2.0, 3.0, "hello", "hello", replace(like, body_bytes=0), (other,))
    environment = replace(suite.environment, notes=("one core is busy",))
    with Writer.create(tmp_path / "run", without_trials(suite), analyse) as writer:
        writer.append(plan=plan, calibration=calibration, environment=environment)
    found = load(tmp_path / "run")
    assert (found.plan, found.calibration, found.environment) == (plan, calibration, environment)


def test_interrupted_and_resumed_is_the_same_run(tmp_path: Path, suite: Suite) -> None:
    directory = tmp_path / "run"
    saved = list(blocks(suite))
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        for block in saved[:2]:
            writer.append(trials=block)
        writer.finish(complete=False, finished=None)
    with pytest.raises(ResultError, match="holds a result already"):
        Writer.create(directory, without_trials(suite), analyse)
    writer, so_far = Writer.resume(directory, analyse)
    with writer:
        assert so_far.trials == saved[0] + saved[1]
        for block in saved[2:]:
            writer.append(trials=block)
        writer.append(deployments=suite.deployments, failures=suite.failures, gap=suite.gaps[0])
        assert writer.finish(complete=True, finished=suite.finished) == suite
    assert load(directory) == suite
    with pytest.raises(ResultError, match="nothing to resume"):
        Writer.resume(directory, analyse)


def test_a_kill_between_the_renames_and_the_journals_end_doubles_nothing(
    tmp_path: Path, suite: Suite
) -> None:
    directory = tmp_path / "run"
    save(directory, suite, finish=False)
    journal = (directory / JOURNAL).read_bytes()
    writer, _ = Writer.resume(directory, analyse)
    with writer:
        writer.finish(complete=True, finished=suite.finished)
    (directory / JOURNAL).write_bytes(journal)
    assert load(directory) == suite


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path, suite: Suite) -> None:
    directory = tmp_path / "run"
    save(directory, suite, finish=False)
    shutil.copytree(directory, tmp_path / "copy")
    Writer.resume(tmp_path / "copy", analyse)
    shutil.copy(tmp_path / "copy" / LATENCY_LOG, directory / LATENCY_LOG)
    assert load(directory) == unfinished(suite)


def test_a_journal_torn_anywhere_in_its_last_line_loses_that_block_alone(tmp_path: Path) -> None:
    small = replace(
        make_suite({"gunicorn": 3000.0}, rounds=1, blocks=2, open_rate=None, histograms=False), deployments=()
    )
    directory = tmp_path / "run"
    save(directory, small, finish=False)
    whole = (directory / JOURNAL).read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    assert load(directory) == unfinished(small)
    for end in range(start, len(whole)):
        (directory / JOURNAL).write_bytes(whole[:end])
        found = load(directory)
        assert found.trials == small.trials[:1]
        if end == start:
            assert found.gaps == ()
        else:
            assert [(gap["line"], gap["bytes"]) for gap in found.gaps] == [(2, end - start)]


def test_resuming_a_torn_journal_records_the_gap_for_good(tmp_path: Path, suite: Suite) -> None:
    directory = tmp_path / "run"
    save(directory, suite, finish=False)
    whole = (directory / JOURNAL).read_bytes()
    (directory / JOURNAL).write_bytes(whole[:-10])
    with Writer.resume(directory, analyse)[0] as writer:
        writer.append(gap={"reason": "resumed"})
        found = writer.finish(complete=True, finished=suite.finished)
    assert [gap["reason"].split()[0] for gap in found.gaps] == ["the", "resumed"]
    assert load(directory) == found


def test_a_zero_filled_tail_is_torn_too(tmp_path: Path, suite: Suite) -> None:
    """What some file systems leave after power loss."""
    directory = tmp_path / "run"
    save(directory, suite, finish=False)
    whole = (directory / JOURNAL).read_bytes()
    (directory / JOURNAL).write_bytes(whole + b"\0" * 4096)
    assert load(directory).trials == suite.trials


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, suite: Suite) -> None:
    directory = tmp_path / "run"
    save(directory, suite, finish=False)
    lines = (directory / JOURNAL).read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"round":1', b'"round":7', 1)
    (directory / JOURNAL).write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match=r"blocks\.jsonl, line 2: .*[Rr]estore"):
        load(directory)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"schema_version": 1', '"schema_version": 2', r"schema_version: .* reads 1, found 2"),
        ('"seed": 1', '"seed": "1"', r'result\.plan\.seed: expected an integer, found "1"'),
        ('"answers": ', '"replies": ', r"cases\[0\]\.trials\[0\]: answers missing"),
        ('"complete": true', '"complete": 1', r"complete: expected true or false"),
        ('"close": {"rps"', '"close": {"rpm"', r"calibration: 'rps' missing"),
        ('"model": "closed"', '"model": "ajar"', r"expected one of closed, open"),
    ],
)
def test_a_malformed_result_is_named(tmp_path: Path, suite: Suite, old: str, new: str, message: str) -> None:
    save(tmp_path / "run", suite)
    path = tmp_path / "run" / RESULT
    text = path.read_text()
    if old not in text:
        text = json.dumps(json.loads(text))
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ResultError, match=rf"result\.json: .*{message}.*[Rr]estore"):
        load(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"schema_version": 1}']
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RESULT).write_bytes(content)
    with pytest.raises(ResultError, match=r"result\.json"):
        load(tmp_path)
    with pytest.raises(ResultError, match=r"result\.json"):
        outline(tmp_path)


def test_a_torn_result_is_named_with_its_line(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite)
    path = tmp_path / "run" / RESULT
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with pytest.raises(ResultError, match=r"result\.json, line \d+"):
        load(path)


def test_no_result_there(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="No such file"):
        load(tmp_path / "nothing")


def test_a_torn_or_missing_latency_log_is_named(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite)
    path = tmp_path / "run" / LATENCY_LOG
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(ResultError, match=r"latency\.hlog: no line for .*/follow of case"):
        load(tmp_path / "run")
    path.write_text("".join(lines)[:-200])
    with pytest.raises(ResultError, match=rf"latency\.hlog, line {len(lines)}"):
        load(tmp_path / "run")
    path.unlink()
    with pytest.raises(ResultError, match=r"latency\.hlog: No such file"):
        load(tmp_path / "run")


def test_the_latency_log_is_readable_by_its_own_tools(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite)
    reader = HistogramLogReader(str(tmp_path / "run" / LATENCY_LOG), HdrHistogram(1, 60_000_000, 3))
    tags, count = set(), 0
    while (histogram := reader.get_next_interval_histogram()) is not None:
        tags.add(histogram.get_tag())
        count += histogram.get_total_count()
    reader.input_file.close()
    encoded = [text for trial in suite.trials for text in trial.histograms.values()]
    assert len(tags) == len(encoded)
    assert count == sum(HdrHistogram.decode(text).get_total_count() for text in encoded)
    assert "gunicorn%2Fshortly%2Fmixed%2Fopen/1/0/lateness/follow" in tags


def test_the_result_follows_its_schema(tmp_path: Path, suite: Suite) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    save(tmp_path / "run", suite)
    validator.validate(json.loads((tmp_path / "run" / RESULT).read_text()))
    with Writer.create(tmp_path / "new", without_trials(replace(suite, calibration=None)), analyse):
        validator.validate(json.loads((tmp_path / "new" / RESULT).read_text()))


@pytest.mark.parametrize(
    ("kind", "place", "elsewhere"),
    [
        (model.Plan, "plan", ()),
        (model.Environment, "environment", ()),
        (model.Load, "load", ()),
        (model.Server, "server", ()),
        (model.App, "app", ()),
        (variant.Source, "against", ()),
        (model.Subject, "subject", ()),
        (model.Uncompared, "uncompared", ()),
        (model.Estimate, "estimate", ()),
        (model.Counts, "counts", ()),
        (model.Confined, "confined", ()),
        (model.Confinement, "confinement", ()),
        (model.OwnCost, "own_cost", ()),
        (model.OwnShare, "own_share", ()),
        (model.Trial, "trial", ("case",)),
    ],
)
def test_the_schema_names_every_field(kind: type[Any], place: str, elsewhere: tuple[str, ...]) -> None:
    named = set(SCHEMA["$defs"][place]["properties"]) - {"number"}
    assert named == {f.metadata.get("stored", f.name) for f in fields(kind)} - set(elsewhere)


def test_the_schema_names_every_member_of_what_is_compared() -> None:
    found = analyse(make_versions({"a": 3000.0}, {"a": 3000.0}, twin="a"))
    assert found.twin is not None
    for document, place in (
        (pair_to_document(found.twin), "comparison"),
        (change_to_document(found.changes[0]), "change"),
    ):
        assert list(SCHEMA["$defs"][place]["properties"]) == list(document)


def test_the_outline_is_what_a_list_of_runs_shows(tmp_path: Path, suite: Suite) -> None:
    save(tmp_path / "run", suite)
    found = outline(tmp_path / "run")
    assert (found.id, found.started, found.complete) == (suite.id, suite.started, True)
    assert found.ranking == analyse(suite).ranking
    assert found.valid == {id_: verdict.valid for id_, verdict in analyse(suite).verdicts.items()}


def test_trials_of_unknown_cases_are_a_bug(tmp_path: Path, suite: Suite) -> None:
    with (
        Writer.create(tmp_path / "run", without_trials(suite), analyse) as writer,
        pytest.raises(ValueError, match="other/case"),
    ):
        writer.append(trials=[replace(suite.trials[0], case="other/case")])


def test_a_full_disk_leaves_what_was_saved(tmp_path: Path, suite: Suite) -> None:
    directory = tmp_path / "run"
    first, second, *_ = blocks(suite)
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=first)
        before = (directory / JOURNAL).read_bytes()
        with (
            largest_file(len(before) + 100),
            pytest.raises(MachineError, match=r"blocks\.jsonl.*Free some space"),
        ):
            writer.append(trials=second)
        assert (directory / JOURNAL).read_bytes() == before
        with largest_file(1000), pytest.raises(MachineError, match=r"Free some space"):
            writer.finish(complete=True, finished=None)
        assert load(directory).trials == first
        assert not list(directory.glob(".*tmp"))
    with Writer.resume(directory, analyse)[0] as writer:
        writer.append(trials=second)
        assert writer.finish(complete=True, finished=None).trials == first + second


def test_a_full_file_system_leaves_what_was_saved(tmp_path: Path, suite: Suite) -> None:
    with small_file_system(tmp_path / "mount", 256 * 1024) as place:
        saved: list[model.Trial] = []
        with Writer.create(place / "run", without_trials(suite), analyse) as writer:

            def fill() -> None:
                for number, block in zip(count(1), cycle(blocks(suite))):
                    # No trial stands twice in a result.
                    again = [replace(trial, round=trial.round + 10 * number) for trial in block]
                    writer.append(trials=again)
                    saved.extend(again)

            with pytest.raises(MachineError, match=r"No space left on device\. Free some space"):
                fill()
        assert load(place / "run").trials == tuple(saved)


def test_a_file_in_the_way(tmp_path: Path, suite: Suite) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(MachineError, match="choose another place with --out"):
        Writer.create(tmp_path / "run", without_trials(suite), analyse)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writing beyond `size` bytes of a file fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_file_system(place: Path, size: int) -> Iterator[Path]:
    place.mkdir()
    try:
        run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)])
    except (CommandFailed, FileNotFoundError):
        pytest.skip("a tmpfs can't be mounted here")
    try:
        yield place
    finally:
        with suppress(CommandFailed):
            run(["umount", str(place)])
