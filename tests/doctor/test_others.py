"""Who else used the machine, named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from bench.analysis.disturbed import LATE, STILL, said_of
from bench.doctor.others import Others
from bench.doctor.sample import busy_since, cpu_of_processes


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
    said = said_of(STILL, 3, "")
    assert "that is the machine, or what all of them wait for, and not a server. The block was" in said
    assert "the load generator was late (stress)" in said_of(LATE, 3, "stress")


def test_what_a_program_starts_and_waits_for_is_its_own() -> None:
    """As a compiler's is: nobody else sees processes that live for a moment."""
    code = (
        "import subprocess, sys\n"
        "while True: subprocess.run([sys.executable, '-c', 'for _ in range(3_000_000): pass'])\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as child:
        try:
            before, began_s = cpu_of_processes(), time.monotonic()
            # However busy the machine is, some of them end and are waited for.
            while collected_s(child.pid) < 0.5:
                os.sched_yield()
            found = {busy.pid: busy for busy in busy_since(before, time.monotonic() - began_s)}
        finally:
            os.killpg(child.pid, signal.SIGKILL)
    assert found[child.pid].cpus * (time.monotonic() - began_s) >= 0.4


def collected_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.children_user + times.children_system)


BURN = "for _ in range(5_000_000): pass\nprint(flush=True)\nimport sys; sys.stdin.read()"
# A process that waits for one that waits for the one that burns, as a shell does for make and that for cc1.
MIDDLE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"
OUTER = f"""
import subprocess, sys
pipes = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}}
child = subprocess.Popen([sys.executable, "-c", {MIDDLE!r}], **pipes)
child.stdout.readline()
print("burnt", flush=True)
sys.stdin.readline()
child.communicate()
print("collected", flush=True)
sys.stdin.readline()
"""


def test_what_ended_descendants_had_used_before_is_not_their_heirs() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OUTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        before = cpu_of_processes()
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        burnt_s = collected_s(child.pid)
        (found,) = (busy for busy in busy_since(before, 1.0) if busy.pid == child.pid)
        child.stdin.close()
    assert burnt_s > 0.05
    assert found.cpus < burnt_s / 2
