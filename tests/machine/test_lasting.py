"""Which processes of a server last, and which of those have ended: planted lives, then real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest

from bench.machine.lasting import Identity, Lasting, Processes, lives, serving
from bench.machine.place import HERE
from bench.machine.usage import members
from bench.model import UsageSource
from tests.patience import HANGS_S

MASTER, WORKER = (100, 10), (110, 11)
# What has a parent that no process here is.
OUTSIDE = 1


def family(*members: tuple[Identity, int]) -> Mapping[Identity, int]:
    return dict(members)


GUNICORN = family((MASTER, OUTSIDE), (WORKER, 10))


def test_nothing_has_ended_where_all_still_live() -> None:
    lasting = Lasting(GUNICORN, GUNICORN)
    lasting.look(GUNICORN)
    assert lasting.ended == 0


def test_every_replacement_lasts_in_its_turn() -> None:
    lasting = Lasting(GUNICORN, GUNICORN)
    for number in range(14):
        lasting.look(family((MASTER, OUTSIDE), ((200 + number, 20 + number), 10)))
    assert lasting.ended == 14


def test_a_number_given_again_is_another_process() -> None:
    lasting = Lasting(GUNICORN, GUNICORN)
    lasting.look(family((MASTER, OUTSIDE), ((200, WORKER[1]), 10)))
    assert lasting.ended == 1


def test_a_replacement_that_comes_later_is_found() -> None:
    lasting = Lasting(GUNICORN, GUNICORN)
    lasting.look(family((MASTER, OUTSIDE)))
    lasting.look(family((MASTER, OUTSIDE), ((200, 20), 10)))
    lasting.look(family((MASTER, OUTSIDE), ((300, 30), 10)))
    assert lasting.ended == 2


def test_a_process_for_each_connection_is_none_that_lasts() -> None:
    alone = family((MASTER, OUTSIDE))
    # The probe's own child, too, is there at one moment only.
    lasting = Lasting(family((MASTER, OUTSIDE), ((101, 12), 10)), alone)
    for number in range(5):
        # One that is kept open, and one that is new each time.
        lasting.look(family((MASTER, OUTSIDE), ((150, 15), 10), ((200 + number, 20 + number), 10)))
    lasting.look(alone)
    assert lasting.ended == 0


def test_children_of_a_request_dont_stand_in_for_a_worker() -> None:
    lasting = Lasting(GUNICORN, GUNICORN)
    replaced = family((MASTER, OUTSIDE), ((200, 20), 10))
    lasting.look({**replaced, (201, 21): 20})
    lasting.look(replaced)
    assert lasting.ended == 1


def test_a_server_that_its_supervisor_starts_again_as_a_whole() -> None:
    lasting = Lasting(
        family(((90, 9), 1), (MASTER, 9), (WORKER, 10)), family(((90, 9), 1), (MASTER, 9), (WORKER, 10))
    )
    lasting.look(family(((90, 9), 1), ((200, 20), 9), ((200, 21), 20)))
    assert lasting.ended == 2
    lasting.look(family(((90, 9), 1), ((200, 20), 9), ((300, 30), 20)))
    assert lasting.ended == 3


SUPERVISOR = """
import subprocess, sys
while True:
    subprocess.call([sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"])
"""


@pytest.fixture
def supervisor() -> Iterator[subprocess.Popen[str]]:
    """Starts its only child again whenever that ends; prints a line for each."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        yield child
        os.killpg(child.pid, signal.SIGKILL)


def test_a_child_that_is_killed_and_comes_back(supervisor: subprocess.Popen[str]) -> None:
    assert supervisor.stdout is not None
    supervisor.stdout.readline()
    processes = Processes(UsageSource("processes", pid=supervisor.pid), HERE)
    processes.answers()
    processes.ready()
    for killed in range(1, 4):
        (worker,) = (pid for (_, pid), parent in processes_of(supervisor).items() if parent == supervisor.pid)
        os.kill(worker, signal.SIGKILL)
        supervisor.stdout.readline()
        processes.look()
        assert processes.restarts == killed
    assert processes.oom_kills is None


def processes_of(root: subprocess.Popen[str]) -> Mapping[Identity, int]:
    return lives(members(UsageSource("none", pid=root.pid), HERE), HERE)


def test_what_cannot_be_seen_is_not_none_that_ended() -> None:
    processes = Processes(UsageSource("none"), HERE)
    processes.answers()
    processes.ready()
    processes.look()
    assert processes.restarts is None


FORKING = """
import os, signal, socket, subprocess, threading
def waiting():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
if LISTENS:
    server = socket.create_server(("127.0.0.1", 0))
helpers = [subprocess.Popen(["sleep", "600"])]
for _ in range(WORKERS):
    if os.fork() == 0:
        waiting()
        break
else:
    print("up", flush=True)
signal.pause()
"""


@pytest.mark.parametrize(
    ("listens", "workers", "seen"),
    [
        (True, 2, (2, 2)),
        (True, 0, (1, 1)),
        (False, 2, (3, 2)),
    ],
)
def test_workers_are_those_that_can_take_connections(
    listens: bool, workers: int, seen: tuple[int, int]
) -> None:
    """A helper of the application's is none of them, unless nothing listens that can be seen."""
    script = f"LISTENS, WORKERS = {listens}, {workers}\n{FORKING}"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            source = UsageSource("processes", pid=child.pid)
            deadline = time.monotonic() + HANGS_S
            while serving(source, HERE) != seen:
                assert time.monotonic() < deadline, serving(source, HERE)
                time.sleep(0.01)
        finally:
            os.killpg(child.pid, signal.SIGKILL)
