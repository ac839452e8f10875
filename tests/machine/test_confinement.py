"""What processes may use, read from real ones and from cgroup files as the kernel writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.machine import confinement
from bench.machine.place import HERE, Place
from bench.model import Confinement
from tests.required import lacks

NONE_V1 = "9223372036854771712"


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "memory", "pids", "quota"),
    [
        (
            {"cgroup.controllers": "cpu memory pids", "memory.max": "536870912\n", "pids.max": "4096\n",
             "cpu.max": "50000 100000\n"},
            536870912, 4096, 0.5,
        ),
        (
            {"cgroup.controllers": "cpu memory pids", "memory.max": "max\n", "pids.max": "max\n",
             "cpu.max": "max 100000\n"},
            None, None, None,
        ),
        (
            {"memory/memory.limit_in_bytes": "268435456\n", "pids/pids.max": "100\n",
             "cpu,cpuacct/cpu.cfs_quota_us": "150000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
            268435456, 100, 1.5,
        ),
        (
            {"memory/memory.limit_in_bytes": NONE_V1, "pids/pids.max": "max\n",
             "cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
            None, None, None,
        ),
    ],
    ids=["v2", "v2 without", "v1", "v1 without"],
)  # fmt: skip
def test_limits_of_both_versions(
    tmp_path: Path, files: dict[str, str], memory: int | None, pids: int | None, quota: float | None
) -> None:
    # As in a container, which sees its own cgroup as the root.
    read = confinement.read([os.getpid()], Place(cgroups=str(plant(tmp_path, files))))

    assert read is not None
    asked = Confinement(tuple(sorted(os.sched_getaffinity(0))), memory, pids, quota)
    assert replace(read, weight=None) == asked


def test_a_thread_that_has_freed_itself_is_seen() -> None:
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        lacks("There is one CPU only, so nothing can be pinned")
    code = (
        "import os, sys, threading\n"
        f"os.sched_setaffinity(0, {{{usable[0]}}})\n"
        "def free():\n"
        f"    os.sched_setaffinity(0, {{{usable[1]}}})\n"
        "    print('free', flush=True)\n"
        "    sys.stdin.read()\n"
        "threading.Thread(target=free).start()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        read = confinement.read([child.pid], HERE)
        assert child.stdin is not None
        child.stdin.close()

    assert read is not None
    assert read.cpus == (usable[0], usable[1])


def test_what_is_gone_or_nobody_is_not_read_as_unlimited() -> None:
    assert confinement.read([], HERE) is None
    # No process can have it: /proc/sys/kernel/pid_max is at most this.
    assert confinement.read([4_194_304], HERE) is None
