"""Limits of servers that run as child processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.deploy import cgroup, limiting
from bench.machine import confinement, usage
from bench.machine.place import HERE, Place
from bench.machine.process import spawn
from bench.model.errors import MachineError
from bench.model.surroundings import NO_LIMITS, Limits

LIMITS = Limits(0.2, 64 << 20)


@pytest.fixture
def group() -> Iterator[cgroup.Cgroup]:
    made = cgroup.make(HERE)
    if made is None:
        pytest.skip("no cgroup can be made here")
    try:
        limited = limiting.limited(made, LIMITS, HERE)
    except MachineError as error:
        pytest.skip(str(error))
    assert limited is not None
    yield limited
    limited.remove()
    assert not [folder for folder in (limited.directory, *limited.limiting) if folder.exists()]


def started(group: cgroup.Cgroup, code: str) -> subprocess.Popen[bytes]:
    return spawn(
        [sys.executable, "-c", code],
        environment=dict(os.environ),
        cwd=Path.cwd(),
        cgroups=group.doors,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_quota_holds_and_is_seen_to_hold_back(group: cgroup.Cgroup) -> None:
    child = started(
        group, "import time\nprint(flush=True)\nwhile time.process_time() < 0.3: pass\nprint(flush=True)"
    )
    assert child.stdout is not None
    child.stdout.readline()
    read = confinement.read([child.pid], HERE)
    child.stdout.readline()
    held_s = usage.throttled_s(group.source, HERE)
    child.communicate()

    assert read is not None
    assert (read.quota_cpus, read.memory_bytes) == (0.2, 64 << 20)
    assert held_s is not None
    assert held_s > 0.0


def test_what_takes_more_memory_is_killed_and_counted(group: cgroup.Cgroup) -> None:
    child = started(group, "bytearray(200 << 20)")
    child.communicate()

    assert child.returncode == -9
    assert usage.oom_kills(group.source, HERE)


def test_whole_cpus_need_no_cgroup_and_all_else_does() -> None:
    limiting.require(NO_LIMITS, HERE)

    assert limiting.limited(None, Limits(cpus=2), HERE) is None
    assert limiting.whole_cpus(Limits(cpus=2)) == 2
    with pytest.raises(MachineError, match="--cpus and --memory: that takes a cgroup"):
        limiting.limited(None, LIMITS, HERE)
    with pytest.raises(MachineError, match="--memory: that takes a cgroup"):
        limiting.limited(None, replace(LIMITS, cpus=None), Place())
