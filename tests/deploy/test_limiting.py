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


_MOUNTS = map(Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))
UNIFIED = next((path for path in _MOUNTS if (path / "cgroup.controllers").exists()), None)
ENABLING = """
import os, subprocess, sys
from pathlib import Path
from bench.deploy import cgroup
from bench.machine.place import HERE
own, controller, others = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "others"
(own / "cgroup.procs").write_text(str(os.getpid()))
if others:
    (own / "cgroup.procs").write_text(str(os.getppid()))
helper = subprocess.Popen(["sleep", "600"])
try:
    for _ in range(2):
        cgroup.enable(controller, own, HERE)
    print((own / "cgroup.subtree_control").read_text().split())
    print(len({line for line in (own / "cgroup.procs").read_text().split()}))
    print(Path("/proc/self/cgroup").read_text().splitlines()[-1].rpartition("/")[2].startswith("wsgi-bench-"))
except OSError as error:
    print(error.strerror)
finally:
    helper.kill()
    helper.wait()
"""


@pytest.fixture
def of_its_own() -> Iterator[tuple[Path, str]]:
    """A cgroup of version 2 below the root, and a controller that it may share out."""
    controllers = (UNIFIED / "cgroup.controllers").read_text().split() if UNIFIED else []
    controller = next((name for name in ("memory", "hugetlb") if name in controllers), "")
    if UNIFIED is None or not controller or not os.access(UNIFIED / "cgroup.subtree_control", os.W_OK):
        pytest.skip("no cgroup of version 2 can share out a controller here")
    folder = UNIFIED / f"of-a-test-{os.getpid()}"
    try:
        (UNIFIED / "cgroup.subtree_control").write_text(f"+{controller}")
        folder.mkdir()
    except OSError as error:
        pytest.skip(str(error))
    yield folder, controller
    for inner in folder.glob("*/"):
        inner.rmdir()
    folder.rmdir()


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ("nobody", "['{controller}']\n0\nTrue\n"),
        ("others", "Device or resource busy\n"),
    ],
)
def test_a_cgroup_of_version_2_is_left_to_its_children(
    of_its_own: tuple[Path, str], others: str, said: str
) -> None:
    """As `systemd-run --scope` gives one: with the harness in it, which the kernel doesn't have share."""
    folder, controller = of_its_own
    parent = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    found = subprocess.run(
        [sys.executable, "-c", parent, sys.executable, "-c", ENABLING, str(folder), controller, others],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert found.stdout == said.replace("{controller}", controller), found.stderr
