"""The final report fits its terminal: by its size, and by COLUMNS."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from bench.analysis import analyse
from bench.report import text
from bench.report.page import Column, Page, Row, Section, Table
from bench.store import load
from tests.cli.conftest import ROOT, environment
from tests.make_suite import make_suite
from tests.patience import HANGS_S

LOCAL = ROOT / "results/reference/local"


def lines(text: str) -> list[str]:
    """All lines but the one command, which is to be copied as it is."""
    return [line for line in text.splitlines() if "wsgi-bench run " not in line]


def figures(text: str) -> list[str]:
    """The cells of the tables of a report, in no order, but the names that begin each row."""
    found = []
    for line in text.partition("\nRESULTS\n")[2].partition("\nVALIDITY\n")[0].splitlines():
        words = line.split()
        if words and words[0] in ("1", "2", "2=", "3", "4", "4=", "5", "twin") and len(words) > 2:
            found += words[2:]
    return sorted(found)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_text_report_is_as_wide_as_asked_and_loses_no_figure(width: int) -> None:
    suite = load(LOCAL)
    analysis = analyse(suite)
    usual = text.render(suite, analysis)

    shown = text.render(suite, analysis, width)

    assert max(map(cell_len, lines(shown))) <= width
    assert figures(shown).count("%") == figures(usual).count("%")
    assert sorted(figures(shown)) == sorted(figures(usual))


def test_each_part_of_a_table_begins_with_its_names() -> None:
    columns = (Column("A", numeric=False), Column("B", numeric=False), *(Column(f"n{i}") for i in range(9)))
    row = Row(("first", "second", *(f"{i:08}" for i in range(9))))
    section = Section("x", "X", tables=(Table("t", columns, (row,)),))

    shown = text.write(Page("t", "s", (), (section,)), 40).splitlines()

    parts = [line.split() for line in shown if "first" in line]
    assert [part[:2] for part in parts] == [["first", "second"]] * len(parts)
    assert [cell for part in parts for cell in part[2:]] == [f"{i:08}" for i in range(9)]


@pytest.mark.parametrize("width", range(30, 80))
def test_neither_a_name_nor_a_figure_is_broken(width: int) -> None:
    columns = (Column("Server", numeric=False), *(Column("Time at 95 %", "ms a request") for _ in range(6)))
    row = Row(("waitress", *["too few"] * 6))
    section = Section("x", "X", tables=(Table("t", columns, (row,)),))

    shown = text.write(Page("t", "s", (), (section,)), width).splitlines()

    assert sum("too few" in line for line in shown) == sum("waitress" in line for line in shown)
    assert sum(line.count("too few") for line in shown) == 6
    assert max(map(cell_len, shown)) <= width


def test_a_table_of_words_is_broken_by_words() -> None:
    columns = (Column("A", numeric=False), Column("B", numeric=False))
    section = Section("x", "X", tables=(Table("t", columns, (Row(("one " * 20, "two " * 20)),)),))

    shown = text.write(Page("t", "s", (), (section,)), 40)

    assert max(map(cell_len, shown.splitlines())) <= 40
    assert (shown.count("one"), shown.count("two")) == (20, 20)


def test_long_names_are_broken_before_figures_are() -> None:
    suite = make_suite({"gunicorn-with-a-name-that-goes-on": 3000.0, "waitress": 2500.0}, rounds=2, blocks=2)
    shown = text.render(suite, analyse(suite), 40)
    assert max(map(cell_len, lines(shown))) <= 40


def written(columns: int, *arguments: str, **variables: str) -> str:
    """What a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        # Whoever runs the suite may have set it, and it wins over the terminal.
        unsized = {name: value for name, value in environment().items() if name != "COLUMNS"}
        command = subprocess.Popen(
            [sys.executable, "-m", "bench", *arguments],
            cwd=ROOT, env={**unsized, "TERM": "xterm", **variables},
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        found = b""
        while True:
            try:
                found += os.read(ours, 65536)
            except OSError:
                break
        assert command.wait(timeout=HANGS_S) == 0
    finally:
        os.close(ours)
    return found.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("columns", "variables", "width"),
    [(40, {}, 40), (60, {}, 60), (120, {}, 80), (120, {"COLUMNS": "60"}, 60)],
    ids=["40", "60", "120", "COLUMNS"],
)
def test_a_report_fits_the_terminal(columns: int, variables: dict[str, str], width: int) -> None:
    shown = lines(written(columns, "report", str(LOCAL), "--format", "text", **variables))
    assert width - 10 < max(map(cell_len, shown)) <= width


def test_a_report_that_is_piped_is_the_same_on_every_terminal(tmp_path: Path) -> None:
    out = tmp_path / "report"
    written(40, "report", str(LOCAL), "--format", "text", "--out", str(out))
    suite = load(LOCAL)
    assert out.read_text() == text.render(suite, analyse(suite))


def test_a_plan_fits_the_terminal() -> None:
    shown = written(60, "run", "--dry-run", "--runtime", "local", "--app", "hello").splitlines()
    assert max(map(cell_len, shown)) <= 60
    assert any("gunicorn-twin/hello/hello/closed-16" in line for line in shown)
