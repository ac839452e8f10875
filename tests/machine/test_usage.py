"""CPU time and memory of real processes, and of cgroup files as the kernel writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.machine.place import HERE, Place
from bench.machine.processtree import process_tree
from bench.machine.usage import memory_bytes, open_usage
from bench.model import UsageSource

# Burns CPU time as told by one line of standard input, and answers with how much it burnt, in seconds.
BURNER = """
import os, sys, threading, time

def burn():
    start = time.thread_time()
    while time.thread_time() - start < 0.2:
        pass

for line in sys.stdin:
    if line == "thread\\n":
        thread = threading.Thread(target=burn)
        thread.start()
        thread.join()
    elif line == "ended child\\n":
        if os.fork() == 0:
            burn()
            os._exit(0)
        os.wait()
    elif line == "collect\\n":
        os.wait()
    elif line == "living child\\n":
        ready, done = os.pipe()
        if os.fork() == 0:
            burn()
            os.write(done, b"x")
            time.sleep(600)
        os.read(ready, 1)
    print("done", flush=True)
"""
BURNT_S = 0.2


@contextmanager
def burner() -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", BURNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with child:
        try:
            tell(child, "nothing")
            yield child
        finally:
            os.killpg(child.pid, 9)


def tell(child: subprocess.Popen[str], what: str) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{what}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


@pytest.mark.parametrize("where", ["thread", "ended child", "living child"])
def test_a_process_tree_counts_what_has_ended_too(where: str) -> None:
    with burner() as child:
        reader = open_usage(UsageSource("processes", pid=child.pid), HERE)
        assert reader is not None
        reader.begin()
        tell(child, where)
        reader.end()
        used_s = (reader.used_ns() or 0) / 1e9

        # Ended children are known in ticks of 10 ms; starting a thread or a child costs a little itself.
        assert BURNT_S - 0.02 <= used_s <= BURNT_S + 0.1


def test_what_a_child_used_before_is_not_counted_again_when_it_ends() -> None:
    with burner() as child:
        tell(child, "living child")
        reader = open_usage(UsageSource("processes", pid=child.pid), HERE)
        assert reader is not None
        reader.begin()
        (grandchild,) = process_tree(child.pid, HERE)[1:]
        os.kill(grandchild, 9)
        tell(child, "collect")
        reader.end()
        used_ns = reader.used_ns()

        assert used_ns is not None
        assert used_ns < BURNT_S * 1e9 / 2


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with burner() as child:
        reader = open_usage(UsageSource("processes", pid=child.pid), HERE)
        assert reader is not None
        reader.begin()
    reader.end()

    assert reader.used_ns() is None
    assert process_tree(child.pid, HERE) == []
    assert memory_bytes(UsageSource("processes", pid=child.pid), HERE) == (None, None)


def test_memory_of_a_process_tree_does_not_count_shared_pages_twice() -> None:
    with burner() as child:
        source = UsageSource("processes", pid=child.pid)
        alone, _ = memory_bytes(source, HERE)
        tell(child, "living child")
        both, peak = memory_bytes(source, HERE)

        assert alone is not None
        assert both is not None
        assert peak is not None
        assert alone < both < 1.8 * alone
        assert peak >= both


def test_cgroup_v1(tmp_path: Path) -> None:
    for controller, file, value in [
        ("cpu,cpuacct", "cpuacct.usage", "123456789012\n"),
        ("memory", "memory.usage_in_bytes", "4096\n"),
        ("memory", "memory.max_usage_in_bytes", "8192\n"),
    ]:
        directory = tmp_path / controller / "docker/abc"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / file).write_text(value)
    source = UsageSource("cgroup1", "/docker/abc")

    reader = open_usage(source, Place(cgroups=str(tmp_path)))
    assert reader is not None
    reader.begin()
    (tmp_path / "cpu,cpuacct/docker/abc/cpuacct.usage").write_text("123456789999\n")
    reader.end()
    assert reader.used_ns() == 987
    assert memory_bytes(source, Place(cgroups=str(tmp_path))) == (4096, 8192)
    reader.close()


def test_cgroup_v2(tmp_path: Path) -> None:
    directory = tmp_path / "system.slice/docker-abc.scope"
    directory.mkdir(parents=True)
    (directory / "cpu.stat").write_text("usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n" * 9)
    (directory / "memory.current").write_text("4096\n")
    source = UsageSource("cgroup2", "/system.slice/docker-abc.scope")

    reader = open_usage(source, Place(cgroups=str(tmp_path)))
    assert reader is not None
    reader.begin()
    (directory / "cpu.stat").write_text("usage_usec 1234600\nuser_usec 1000000\nsystem_usec 234600\n" * 9)
    reader.end()
    assert reader.used_ns() == 33000
    # memory.peak came with Linux 5.19.
    assert memory_bytes(source, Place(cgroups=str(tmp_path))) == (4096, None)
    (directory / "memory.peak").write_text("8192\n")
    assert memory_bytes(source, Place(cgroups=str(tmp_path))) == (4096, 8192)
    reader.close()


@pytest.mark.parametrize(
    "source", [UsageSource("none"), UsageSource("cgroup1", "/no"), UsageSource("cgroup2", "/no")]
)
def test_what_cannot_be_read_is_none(source: UsageSource, tmp_path: Path) -> None:
    assert open_usage(source, Place(cgroups=str(tmp_path))) is None
    assert memory_bytes(source, Place(cgroups=str(tmp_path))) == (None, None)
