"""A few stops at random moments; `python -m tests.stops --times 100` makes many."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import analyse
from bench.deploy.external import ExternalRuntime
from bench.live.progress import Reporter
from bench.machine import process
from bench.machine.interrupt import interruptible, shield
from bench.model import Analysis, Suite
from bench.model.errors import Interrupted
from bench.run import saving, session
from bench.run.results import write_reports
from bench.store import Writer
from bench.store.journal import Journal
from tests.cli.conftest import ROOT
from tests.make_suite import make_suite, without_trials
from tests.stops import kept


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runtime", "times"), [("local", 2), pytest.param("compose", 1, marks=pytest.mark.containers)]
)
def test_stops_at_random_moments_leave_nothing(runtime: str, times: int) -> None:
    seed = random.SystemRandom().getrandbits(32)
    command = [sys.executable, "-m", "tests.stops", "--runtime", runtime]

    said = process.run([*command, "--times", str(times), "--seed", str(seed)], cwd=ROOT, timeout_s=1200)

    assert f"{times} stops, 0 with a fault" in said


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class Thing:
    """Something that must be ended; a signal comes as soon as that begins."""

    ended = False

    def __enter__(self) -> Thing:
        return self

    def __exit__(self, *_error: object) -> None:
        stop()
        with shield():
            self.ended = True


def test_a_signal_does_not_break_into_the_end_of_a_with_block() -> None:
    thing = Thing()
    with pytest.raises(Interrupted, match="SIGTERM"), interruptible(), thing:
        pass

    assert thing.ended


def test_a_second_signal_does_not_break_into_what_the_first_one_set_off() -> None:
    ended = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            stop()
            ended.append(True)

    with pytest.raises(Interrupted, match="SIGINT"), interruptible():
        work()
    assert ended


def test_a_signal_waits_for_the_end_of_every_shield() -> None:
    reached = []

    def work() -> None:
        with shield():
            with shield():
                stop()
                reached.append("inner")
            reached.append("outer")

    with pytest.raises(Interrupted), interruptible():
        work()
    assert reached == ["inner", "outer"]


def test_a_stop_that_got_lost_comes_again() -> None:
    def work() -> None:
        # As an exception in a finalizer is.
        with suppress(Interrupted):
            stop()
        with shield():
            pass

    with pytest.raises(Interrupted), interruptible():
        work()


def test_signals_are_handled_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with interruptible():
        pass

    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_stop_is_over_when_its_block_is() -> None:
    with pytest.raises(Interrupted), interruptible():
        stop()

    with shield():
        pass


def test_a_command_that_is_broken_off_leaves_nothing() -> None:
    with pytest.raises(process.CommandFailed, match=r"no end after 0\.5 s"):
        process.run(["sh", "-c", "sleep 100 & echo $!; wait"], timeout_s=0.5)


def test_a_stop_while_the_finished_run_is_written_says_where_its_report_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = make_suite({"waitress": 2500.0}, rounds=1, blocks=2)
    write = write_reports

    def stopped_while_writing(suite: Suite, directory: Path) -> Analysis:
        stop()
        return write(suite, directory)

    monkeypatch.setattr(session, "_work", lambda *_arguments: None)
    monkeypatch.setattr(saving, "write_reports", stopped_while_writing)
    runtime = ExternalRuntime(tmp_path, suite.environment.cpu_split, (), {})
    with Writer.create(tmp_path / "out", without_trials(suite), analyse) as writer:
        with (
            pytest.raises(Interrupted, match=r"SIGTERM after all was measured.*report\.html"),
            interruptible(),
        ):
            session._saved(writer, suite, runtime, ROOT, Reporter(quiet=True), 0)
        faults = [kept(tmp_path / "out", code)[1] for code in (0, 130)]
        writer.finish(complete=False, finished=None)
        faults += [kept(tmp_path / "out", code)[1] for code in (0, 130)]

    assert [bool(fault) for fault in faults] == [False, False, True, False]


def test_an_entry_that_a_stop_follows_at_once_is_saved_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = make_suite({"waitress": 2500.0}, rounds=1, blocks=2)
    save = Journal.append

    def stopped_when_saved(journal: Journal, entry: Mapping[str, Any]) -> None:
        with shield():
            save(journal, entry)
            stop()

    with Writer.create(tmp_path / "out", without_trials(suite), analyse) as writer:
        with monkeypatch.context() as patched:
            patched.setattr(Journal, "append", stopped_when_saved)
            with pytest.raises(Interrupted), interruptible():
                writer.append(trials=suite.trials)
        writer.append(gap={"reason": "resumed"})
        saved = writer.finish(complete=False, finished=None)

    assert len(saved.trials) == len(suite.trials)


def test_ctrl_c_in_make_up_is_one_line() -> None:
    script = (
        "import os, signal, sys\n"
        "from scripts import stack\n"
        "stack.find_engine = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(stack.main(['up']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 130
    assert ended.stderr == "stopped by SIGINT\n"
