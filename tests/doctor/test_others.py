"""Who else used the machine, named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from bench.analysis.disturbed import LATE, STILL, said_of
from bench.doctor.others import Others


@pytest.fixture
def burner() -> Iterator[subprocess.Popen[bytes]]:
    """Uses a CPU, as far as it gets one."""
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def used_s(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)


def test_a_program_that_takes_a_cpu_is_named_and_our_own_are_not(burner: subprocess.Popen[bytes]) -> None:
    others = Others()
    before_s, began_s = used_s(burner.pid), time.monotonic()
    # As long as it takes to get a quarter of a CPU, on a machine however busy.
    while used_s(burner.pid) - before_s < max(0.3, (time.monotonic() - began_s) / 4):
        os.sched_yield()
    everybody = [process.pid for process in others.busy([])]
    assert burner.pid in everybody
    assert f"(process {everybody[0]}) used" in others.since([])
    assert burner.pid not in [process.pid for process in others.busy([burner.pid])]
    assert not {os.getpid(), burner.pid} & {process.pid for process in others.busy([os.getpid()])}


def test_what_is_said_of_a_machine_that_stood_still() -> None:
    assert "stress (process 7) used 2.0 CPUs" in said_of(STILL, 3, "stress (process 7) used 2.0 CPUs")
    assert "that is the machine, not a server. The block was measured again." in said_of(STILL, 3, "")
    assert "the load generator was late (stress)" in said_of(LATE, 3, "stress")
