"""What goes where: data to standard output, progress to standard error, both as the contract says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest

from bench.report import FORMATS
from bench.store import RESULT
from tests.cli.conftest import ROOT, SMOKE, Here, environment, measured, wsgi_bench
from tests.patience import HANGS_S

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
PHASE = re.compile(r"\d\d:\d\d:\d\d \S.*")


def test_a_run_says_its_phases_on_one_stream_and_its_result_on_the_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(*SMOKE, "--servers", "waitress", "--out", out)

    measured(said, out)
    *phases, trials, last = said.err.splitlines()
    assert phases
    assert all(PHASE.fullmatch(line) for line in phases), said.err
    assert any("round 1 of 1: measuring" in line for line in phases)
    assert any(re.search(r"round 1 of 1 done, .*hello.*: waitress [\d,]+ a second", line) for line in phases)
    assert trials == f"trials: {out / RESULT}; logs: {out / 'logs'}"
    assert last == f"report: {out / 'report.html'}"
    assert "Not a measurement" in said.out
    assert "\x1b" not in said.out + said.err
    assert {path.name for path in out.iterdir()} == {
        "latency.hlog", "logs", "report.html", "report.md", RESULT,
    }  # fmt: skip
    assert {path.name for path in (out / "logs").iterdir()} >= {"driver.log", "waitress.hello.log"}


def test_json_is_alone_on_standard_output_and_quiet_says_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(*SMOKE, "--servers", "waitress", "--json", "--quiet", "--out", out)

    assert said.err == ""
    assert said.json["complete"]
    assert said.json["id"] == measured(said, out).id
    jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)


def test_a_dry_run_starts_nothing_and_names_every_case(here: Here, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = here("run", "--dry-run", "--runtime", "local", "--profile", "smoke", "--out", out)

    assert said.code == 0
    assert not out.exists()
    for server in ("wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi"):
        assert f"{server}/shortly/mixed/closed-16" in said.out
        assert f"{server}/hello/hello/open" in said.out


@pytest.mark.parametrize(
    ("what", "key", "some"),
    [
        ("servers", "server", {"wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi"}),
        ("apps", "app", {"hello", "flask_hello", "shortly"}),
        ("scenarios", "scenario", {"hello", "follow", "details", "shorten", "mixed", "static"}),
    ],
)
def test_lists(here: Here, what: str, key: str, some: set[str]) -> None:
    rows = here("list", what, "--json").json
    text = here("list", what)

    assert some <= {row[key] for row in rows}
    assert text.err == ""
    assert all(any(line.startswith(row[key]) for line in text.out.splitlines()) for row in rows)


def test_results_are_listed_and_one_that_is_damaged_says_so(here: Here, checkout: Path, result: Path) -> None:
    assert here("list", "results", cwd=checkout).out == "none\n"
    (checkout / "results").mkdir()
    result.rename(checkout / "results/good")
    (checkout / "results/bad").mkdir()
    (checkout / "results/bad" / RESULT).write_text("{")

    rows = {row["result"]: row for row in here("list", "results", "--json", cwd=checkout).json}

    assert rows["results/good"]["complete"]
    assert rows["results/good"]["problem"] == ""
    assert "torn or was edited" in rows["results/bad"]["problem"]


def test_a_stored_result_is_rendered_again_in_every_format(here: Here, result: Path, checkout: Path) -> None:
    before = (result / RESULT).read_bytes()
    for name in FORMATS:
        said = here("report", result, "--format", name)
        assert said.code == 0
        assert said.err == ""
        assert "gunicorn" in said.out
    file = result.parent / "page.html"
    written = here("report", result / RESULT, "--format", "html", "--out", file)
    alone = here("report", result, "--out", result.parent / "alone")
    (checkout / "results").mkdir()
    everything = here("report", result, cwd=checkout)

    assert written.out == f"{file}\n"
    assert file.read_text().startswith("<!DOCTYPE html>")
    assert alone.out == f"{result.parent / 'alone'}\n"
    assert (result.parent / "alone").read_text() == file.read_text()
    assert everything.out.splitlines() == [
        str(result / "report.html"), str(result / "report.md"), str(checkout / "results/index.html"),
    ]  # fmt: skip
    assert (result / RESULT).read_bytes() == before


def test_a_report_goes_where_it_was_sent_and_takes_nothings_place(
    here: Here, result: Path, tmp_path: Path
) -> None:
    """In the place of a device, or of a link, a file would take it from every other program."""
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    link.symlink_to(file)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_text)
        said = here("report", result, "--format", "text", "--out", pipe)
        written = read.result(timeout=HANGS_S)
    linked = here("report", result, "--format", "text", "--out", link)

    assert (said.code, said.out) == (0, "")
    assert "gunicorn" in written
    assert pipe.is_fifo()
    assert linked.out == f"{link}\n"
    assert link.is_symlink()
    assert file.read_text() == written


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        ("", "--out . is a folder. Name a file in it."),
        ("/", "--out / is a folder"),
        ("no/report.txt", "there is no folder no. Make it, or name another file."),
        ("x" * 300, "File name too long"),
        ("loop", "link that leads to itself"),
        ("result/result.json", "is what a run has measured, and would be lost. Name another file."),
    ],
)
def test_a_place_that_no_report_can_have_is_refused(here: Here, result: Path, out: str, problem: str) -> None:
    (result.parent / "loop").symlink_to("loop")
    for arguments in (("report", result), ("compare", result, result)):
        said = here(*arguments, "--out", out, cwd=result.parent)
        assert (said.code, said.out) == (2, "")
        assert problem in said.err


def test_standard_streams_that_are_closed_lead_nowhere() -> None:
    for words, code in ((("list", "servers"), 0), (("list", "nothing"), 2)):
        closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "bench", *words]
        assert subprocess.run(closed, cwd=ROOT, env=environment(), check=False).returncode == code


def test_a_report_is_read_on_a_terminal_of_latin_1(result: Path) -> None:
    said = wsgi_bench("report", result, "--format", "text", env=environment(PYTHONIOENCODING="latin-1"))

    assert (said.code, said.err) == (0, "")
    assert "gunicorn" in said.out


def test_help_names_every_verb_and_option(here: Here) -> None:
    assert all(verb in here("--help").out for verb in ("run", "resume", "report", "list", "clean"))
    options = here("run", "-h").out
    for option in (
        "profile", "runtime", "servers", "app", "scenarios", "users", "rate", "rounds", "blocks", "seed",
        "out", "connection", "target", "dry-run", "json", "quiet",
    ):  # fmt: skip
        assert f"--{option} " in options


@pytest.mark.parametrize("words", [("resume",), ("list",), ("run", "--no-such"), ("rsume",)])
def test_a_command_line_that_is_wrong_is_answered_in_a_line_that_says_where_to_read(
    here: Here, words: tuple[str, ...]
) -> None:
    said = here(*words)

    assert said.code == 2
    assert said.out == ""
    assert re.fullmatch(r"wsgi-bench: .*`.* --help` says how it is used\.\n", said.err)


def test_a_list_of_results_says_how_to_go_on_within_80_columns(
    here: Here, checkout: Path, result: Path
) -> None:
    (checkout / "results").mkdir()
    stored = json.loads((result / RESULT).read_text())
    for name, complete in (("20260101T000000Z-host", False), ("20260102T000000Z-host", True)):
        (checkout / "results" / name).mkdir()
        (checkout / "results" / name / RESULT).write_text(json.dumps({**stored, "complete": complete}))

    said = here("list", "results", cwd=checkout)

    assert f"wsgi-bench resume {checkout}/results/20260101T000000Z-host" in said.err
    assert f"wsgi-bench report {checkout}/results/20260102T000000Z-host" in said.err
    assert max(map(len, said.out.splitlines())) <= 80


@pytest.mark.parametrize("what", ["servers", "apps", "scenarios"])
def test_lists_and_plans_fit_80_columns(here: Here, what: str) -> None:
    plan = here("run", "--dry-run", "--runtime", "local", "--profile", "full").out
    for text in (here("list", what).out, plan):
        assert max(map(len, text.splitlines())) <= 80
