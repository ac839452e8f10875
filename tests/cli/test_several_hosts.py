"""A run of several hosts, each with a network and clocks of its own: cut off, killed, resumed, stopped."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bench.deploy.redisprocess import find_redis_server
from bench.model import Suite
from bench.store import JOURNAL, load
from proof.hosts import Host, Wanted
from tests.cli.conftest import ROOT, environment
from tests.load.elsewhere.fleets import several
from tests.patience import HANGS_S

SECRET = "a secret of the test"
BLOCKS = 8
NAMES = ("one", "two", "three")


class Command:
    """`wsgi-bench` on a host.

    Attributes:
        log: what it says on standard error.
    """

    def __init__(self, host: Host, log: Path, *arguments: str, cwd: Path = ROOT) -> None:
        with log.open("wb") as said:
            self.child = host.popen(
                [sys.executable, "-m", "bench", *arguments],
                environment(WSGI_BENCH_SECRET=SECRET, PYTHONPATH=str(cwd)),
                cwd=cwd,
                stderr=said,
            )
        self.log = log

    def says(self, words: str) -> bool:
        return words in self.said()

    def said(self) -> str:
        return self.log.read_text().replace("\n", " ")


@contextmanager
def started(host: Host, log: Path, *arguments: str, cwd: Path = ROOT) -> Iterator[Command]:
    command = Command(host, log, *arguments, cwd=cwd)
    try:
        yield command
    finally:
        command.child.kill()
        command.child.wait()


def until(reached: Callable[[], bool], *commands: Command) -> None:
    """Wait for it, as long as all of these run."""
    deadline = time.monotonic() + HANGS_S
    while not reached():
        for command in commands:
            assert command.child.poll() is None, command.said()
        assert time.monotonic() < deadline, [command.said() for command in commands]
        time.sleep(0.02)


def saved(out: Path) -> int:
    """How many blocks a run has saved."""
    journal = out / JOURNAL
    return journal.read_bytes().count(b'"trials"') if journal.exists() else 0


def run(server: Host, folder: Path, *more: str) -> tuple[str, ...]:
    return (
        *("run", "--profile", "smoke", "--runtime", "local", "--app", "shortly", "--servers", "waitress"),
        *("--rate", "200", "--blocks", str(BLOCKS), "--out", str(folder / "out")),
        *("--generators", str(len(NAMES)), "--bind", server.address, *more),
    )


@contextmanager
def redis(host: Host) -> Iterator[str]:
    """A Redis on a host, which the others reach; its address."""
    options = ("--bind", host.address, "--protected-mode", "no", "--save", "", "--databases", "16")
    child = host.popen([find_redis_server(), *options])
    try:
        yield f"{host.address}:6379"
    finally:
        child.kill()
        child.wait()


def whole(suite: Suite) -> None:
    """Every trial of the plan is there, once, and right."""
    assert suite.complete
    assert [trial.block for trial in suite.trials] == list(range(len(suite.trials)))
    closed, opened = (case.id for case in suite.plan.cases)
    number = Counter(trial.case for trial in suite.trials)
    assert number.keys() == {closed, opened}
    # On a busy machine a block may have been measured again.
    assert number[closed] >= BLOCKS
    for trial in suite.trials:
        assert trial.ok > 0
        assert trial.failed == 0
        assert sum(share["offered"] for share in trial.generators.values()) == trial.offered


@pytest.mark.slow
def test_one_is_cut_off_and_the_run_is_killed_and_resumed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    away = [Wanted(name, ahead_s=10 * number) for number, name in enumerate(NAMES, start=1)]
    with several(Wanted("server"), Wanted("store"), *away) as (server, store, *hosts), ExitStack() as stack:
        kept = ("--redis", stack.enter_context(redis(store)))
        workers = [
            stack.enter_context(started(host, tmp_path / host.name, "worker", "--master", server.address))
            for host in hosts
        ]
        with started(server, tmp_path / "run", *run(server, tmp_path, "--if-lost", "wait", *kept)) as first:
            until(lambda: saved(out) >= 1, first, *workers)
            hosts[1].cut()
            until(lambda: first.says("load generator two was lost"), first, *workers)
            hosts[1].join()
            until(lambda: first.says("load generator two takes part again (3 of 3)"), first, *workers)
            first.child.kill()
            first.child.wait()
        [lost] = [generator for generator in load(out).generators if generator.lost]
        assert 0 < len(load(out).trials) < BLOCKS

        again = ("resume", str(out), "--bind", server.address, *kept)
        with started(server, tmp_path / "again", *again) as second:
            assert second.child.wait(HANGS_S) == 0, second.said()
        for worker in workers:
            assert worker.child.wait(HANGS_S) == 0, worker.said()
            assert worker.says("is gone")
            assert worker.says("has ended")
        assert [host.processes() for host in (server, *hosts)] == [[]] * 4

    suite = load(out)
    whole(suite)
    assert (lost.name, lost.lost) == ("two", 1)
    assert all(set(trial.generators) == set(NAMES) for trial in suite.trials)
    assert "load generator two was lost" in (out / "report.md").read_text()


def test_another_version_is_refused_on_both_sides(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "bench", other / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    changed = other / "bench/load/outcomes.py"
    changed.write_text(changed.read_text() + "\n")
    with (
        several(Wanted("server"), Wanted("one")) as (server, host),
        started(server, tmp_path / "run", *run(server, tmp_path)) as running,
    ):
        until(lambda: running.says("waiting for 3 load generators"), running)
        with started(host, tmp_path / "one", "worker", "--master", server.address, cwd=other) as worker:
            assert worker.child.wait(HANGS_S) == 2, worker.said()
            assert worker.says("other code of the same version")
            assert worker.says("doesn't take this generator")
        until(lambda: running.says("a load generator on one is not taken"), running)
        running.child.send_signal(signal.SIGINT)
        assert running.child.wait(HANGS_S) == 130, running.said()


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_here_nor_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with several(Wanted("server"), Wanted("one"), Wanted("two")) as (server, *hosts), ExitStack() as stack:
        workers = [
            stack.enter_context(started(host, tmp_path / host.name, "worker", "--master", server.address))
            for host in (*hosts, hosts[1])
        ]
        with started(server, tmp_path / "run", *run(server, tmp_path)) as running:
            until(lambda: saved(out) >= 1, running, *workers)
            workers[-1].child.send_signal(signal.SIGINT)
            assert workers.pop().child.wait(HANGS_S) == 130
            running.child.send_signal(signal.SIGINT)
            assert running.child.wait(HANGS_S) == 130, running.said()
        for worker in workers:
            assert worker.child.wait(HANGS_S) == 0, worker.said()
        assert [host.processes() for host in (server, *hosts)] == [[]] * 3
    assert not load(out).complete
    assert load(out).trials
