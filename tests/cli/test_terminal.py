"""A run on a terminal of 80 columns: a real pseudo terminal, and what was written to it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, SMOKE, environment
from tests.patience import HANGS_S

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@dataclass
class Terminal:
    """A pseudo terminal: `ours` to read from, `theirs` for the command."""

    ours: int
    theirs: int

    def start(
        self, *arguments: str | Path, stdout: int | None = None, cwd: Path = ROOT, **env: str
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "bench", *map(str, arguments)],
            cwd=cwd,
            env=environment(TERM="xterm-256color", **env),
            stdin=self.theirs,
            stdout=self.theirs if stdout is None else stdout,
            stderr=self.theirs,
            start_new_session=True,
        )

    def read_until(self, mark: str) -> str:
        """What is written up to a mark, or to the end."""
        text = ""
        with suppress(OSError):
            while mark not in text and (more := os.read(self.ours, 65536)):
                text += more.decode()
        return text

    def rest(self) -> str:
        """What is written until the command has closed its side."""
        os.close(self.theirs)
        self.theirs = -1
        return self.read_until("\0")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    found = Terminal(ours, theirs)
    yield found
    for end in (found.ours, found.theirs):
        with suppress(OSError):
            os.close(end)


def test_a_run_draws_its_table_and_leaves_the_terminal_to_the_result(
    terminal: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = terminal.start(*SMOKE, "--servers", "waitress", "--out", out, NO_COLOR="1")
    text = terminal.rest()

    assert run.wait(timeout=HANGS_S) == 0, text
    table, _, result = text.rpartition(SHOW)
    assert HIDE in table
    assert re.search(r"waitress +hello, 16 users +measuring", table)
    assert not COLOUR.search(text)
    assert "Not a measurement" in result
    assert result.rstrip().endswith("report.html")
    assert HIDE not in result


def test_data_goes_to_standard_output_also_beside_a_table(terminal: Terminal, tmp_path: Path) -> None:
    with (tmp_path / "data").open("w+") as data:
        run = terminal.start("run", "--dry-run", "--runtime", "local", stdout=data.fileno())
        text = terminal.rest()
        assert run.wait(timeout=HANGS_S) == 0, text
        data.seek(0)
        said = data.read()

    assert "gunicorn/shortly/mixed/closed-16" in said
    assert "\x1b" not in said
    assert "closed-16" not in text


def test_what_one_has_to_know_stands_whole_above_the_table(terminal: Terminal, tmp_path: Path) -> None:
    """Within it a line is cut, and goes with the next one."""
    start = terminal.start("run", "--dry-run", "--runtime", "local", cwd=tmp_path, PYTHONPATH=str(ROOT))
    text = terminal.rest()

    assert start.wait(timeout=HANGS_S) == 0, text
    assert "no application was named, so one of wsgi-bench's own is measured; " in text
    assert "`wsgi-bench try` measures the one of this folder\r\n" in text


def test_a_stop_leaves_the_terminal_as_it_was(terminal: Terminal, tmp_path: Path) -> None:
    before = termios.tcgetattr(terminal.theirs)
    run = terminal.start(*SMOKE[:-1], "40", "--servers", "waitress", "--out", tmp_path / "out")
    text = terminal.read_until("measuring")
    run.send_signal(signal.SIGINT)
    code = run.wait(timeout=HANGS_S)
    after = termios.tcgetattr(terminal.theirs)
    text += terminal.rest()

    assert code == 130
    assert after == before
    assert text.rindex(SHOW) > text.rindex(HIDE)
    assert "wsgi-bench resume" in text[text.rindex(SHOW) :]
