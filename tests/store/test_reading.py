"""Results as strangers make them: each ends in a message, costs itself alone, and writes no other file."""

from __future__ import annotations

import base64
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import analyse
from bench.machine import process
from bench.model.errors import ResultError
from bench.model.jsonable import Malformed, parse
from bench.report.charts.svg import shortened, text_width
from bench.report.index.stored import IndexedRun, Unreadable, find, read
from bench.store import JOURNAL, LATENCY_LOG, RESULT, Writer, load
from bench.store.files import replace
from bench.store.histograms import fault
from tests.make_history import run_of, store
from tests.make_suite import without_trials

ROOT = Path(__file__).parents[2]
SAMPLE = 200


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return store(run_of(0, rounds=2, blocks=2), tmp_path / "results")


@pytest.fixture
def broken_off(tmp_path: Path) -> Path:
    suite = run_of(0, rounds=2, blocks=2)
    directory = tmp_path / "broken"
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments)
    return directory


@pytest.mark.slow
def test_a_sample_of_mutations(tmp_path: Path) -> None:
    """`scripts/mutate` tries ten thousand."""
    said = process.run(
        [sys.executable, "-m", "tests.mutations", str(SAMPLE), "0", "1"],
        cwd=ROOT,
        environment={**os.environ, "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(tmp_path)},
        timeout_s=240,
    )
    assert f"{SAMPLE} mutations, seeds 0 to" in said
    assert " 0 faults" in said


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("deployments", 0, "start_s"), -3599.2, r"start_s: expected 0 to 1e\+09, found -3599\.2"),
        (("plan", "rounds"), 10**400, r"plan\.rounds: expected 1 to 100000, found 1000"),
        (("plan", "expected_s"), float("inf"), "Infinity is no number"),
        (("plan", "expected_s"), float("nan"), "NaN is no number"),
        (("plan", "deployments", 0, "name"), "other", "'?.*is not among plan.deployments"),
        (("cases", 0, "trials", 0, "offered"), 10**6, "requests offered, but .* accounted for"),
        (("cases", 0, "trials", 0, "round"), 2, "stands there twice"),
        (("gaps",), [[[[[[[[[[[]]]]]]]]]]], "expected an object|nested more than"),
        (("environment", "memory_bytes"), -1, "memory_bytes: expected 0 to"),
    ],
)
def test_what_is_out_of_range_is_named(
    result: Path, place: tuple[Any, ...], value: Any, message: str
) -> None:
    document = json.loads((result / RESULT).read_text())
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    (result / RESULT).write_text(json.dumps(document))
    with pytest.raises(ResultError, match=rf"result\.json: .*({message})"):
        load(result)


@pytest.mark.parametrize("value", [-1, 2**60, float("nan"), float("inf"), 10**400])
def test_a_field_that_nobody_declared_is_finite_and_not_negative(value: Any) -> None:
    with pytest.raises(Malformed, match=r"anything: expected 0 to"):
        parse(int if isinstance(value, int) else float, value, "result.anything")


def test_a_key_that_stands_twice_is_named(result: Path) -> None:
    text = (result / RESULT).read_text()
    (result / RESULT).write_text(text.replace('"complete"', '"complete": false, "complete"', 1))
    with pytest.raises(ResultError, match="complete stands twice in one object"):
        load(result)


def _histogram(counts: bytes, **header: Any) -> str:
    fields = {"digits": 3, "lowest": 1, "highest": 60_000_000, "ratio": 1.0, **header}
    body = zlib.compress(struct.pack(">IIIIQQd", 0x1C849313, len(counts), 0, *fields.values()) + counts)
    return base64.b64encode(struct.pack(">II", 0x1C849314, len(body)) + body).decode()


def test_histograms_are_believed_only_within_their_range(result: Path) -> None:
    sound = re.search(r",([\w+/=]+)\n\Z", (result / LATENCY_LOG).read_text())
    assert sound is not None
    assert fault(sound[1]) == ""
    assert fault(_histogram(b"\x02")) == ""
    # 48 MB of zeros in 64 kB of text, more memory than a machine has, more requests than were ever sent.
    assert "larger than it can be" in fault(_histogram(bytes(48 << 20)))
    assert "its range" in fault(_histogram(b"\x02", highest=2**62))
    assert "more than can be" in fault(_histogram(b"\xfe\xff\xff\xff\xff\x7f"))
    assert "too large" in fault("A" * (1 << 20))


def _line_of_a_megabyte(directory: Path) -> None:
    with (directory / LATENCY_LOG).open("a") as file:
        file.write("Tag=a/1/1/b/c,0.1,0.1,0.1," + "A" * (1 << 20) + "\n")


def _device(directory: Path) -> None:
    (directory / RESULT).unlink()
    (directory / RESULT).symlink_to("/dev/zero")


def _pipe(directory: Path) -> None:
    (directory / RESULT).unlink()
    os.mkfifo(directory / RESULT)


def _deep(directory: Path) -> None:
    (directory / RESULT).write_text("[" * 100_000)


def _keys(directory: Path) -> None:
    (directory / RESULT).write_text(json.dumps({"x": {str(i): 1 for i in range(300_000)}}))


def _utf16(directory: Path) -> None:
    (directory / RESULT).write_bytes((directory / RESULT).read_text().encode("utf-16"))


@pytest.mark.parametrize("spoil", [_line_of_a_megabyte, _device, _pipe, _deep, _keys, _utf16])
def test_files_of_other_kinds_are_refused(result: Path, spoil: Callable[[Path], None]) -> None:
    spoil(result)
    with pytest.raises(ResultError, match=r"(result\.json|latency\.hlog).*Restore"):
        load(result)


def test_one_bad_result_costs_itself_alone(result: Path) -> None:
    bad = store(run_of(1, rounds=2, blocks=2), result.parent)
    text = (bad / RESULT).read_text()
    (bad / RESULT).write_text(text.replace('"rounds": 2', f'"rounds": {10**400}', 1))
    sound, spoiled = (read(directory) for directory in find(result.parent))
    assert isinstance(sound, IndexedRun)
    assert isinstance(spoiled, Unreadable)
    assert "plan.rounds: expected 1 to 100000" in spoiled.reason


@pytest.mark.parametrize("twice", [True, False], ids=["doubled", "exchanged"])
def test_journal_entries_come_once_and_in_order(broken_off: Path, twice: bool) -> None:
    path = broken_off / JOURNAL
    first = path.read_bytes()
    body = b'{"number":0}'
    other = b'{"crc32":"%08x","entry":%s}\n' % (zlib.crc32(body), body)
    path.write_bytes(first * 2 if twice else other + first)
    with pytest.raises(ResultError, match=r"line 2: entry 0 comes after 0; the file was edited"):
        load(broken_off)


@pytest.mark.parametrize("name", [".lock", "logs", "logs/gunicorn.hello.log"])
def test_resume_writes_through_no_link(broken_off: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    other.write_text("untouched")
    (broken_off / name).parent.mkdir(exist_ok=True)
    (broken_off / name).symlink_to(other)
    with pytest.raises(ResultError, match=rf"{re.escape(name)} is a symbolic link.*Remove it"):
        Writer.resume(broken_off, analyse)
    assert other.read_text() == "untouched"


def test_a_file_is_replaced_through_no_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("untouched")
    (tmp_path / ".report.md.tmp").symlink_to(other)
    replace(tmp_path / "report.md", ["written"])
    assert (tmp_path / "report.md").read_text() == "written"
    assert other.read_text() == "untouched"


def test_a_name_of_a_megabyte_is_cut_in_one_pass() -> None:
    """It was measured anew for each letter that was left out: hours for a name that somebody made up."""
    assert shortened("x" * (1 << 20), 100) == shortened("x" * 1000, 100)
    assert text_width(shortened("\u4e2d" * 1000, 100).rstrip("\N{HORIZONTAL ELLIPSIS}")) <= 100
    assert shortened("gunicorn", 100) == "gunicorn"
