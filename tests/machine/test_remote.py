"""Another machine's files, asked of a process; and that nothing of this machine is read in their stead."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from bench.doctor import notes, read_facts
from bench.doctor.others import Others
from bench.machine import answering, confinement, kernel, usage
from bench.machine.environment import describe, split_cpus
from bench.machine.interrupt import interruptible
from bench.machine.lasting import Processes, lives, serving
from bench.machine.peers import peers
from bench.machine.place import HERE, About, Place
from bench.machine.process import run
from bench.machine.remote import Channel, RemotePlace, clock_of
from bench.model import Confinement, UsageSource
from bench.model.errors import EngineError, Interrupted

ABOUT = About("far", "Some Linux", "Linux 6.1", 4, 8 << 30, "its-number")
PROGRAM = (sys.executable, "-I", answering.__file__)
PID = 4_194_999
"""No process of this machine: /proc/sys/kernel/pid_max is at most 4,194,304."""
GROUP = "/docker/abc"
SOURCE = UsageSource("cgroup2", GROUP, PID)


@pytest.fixture
def asked() -> Iterator[RemotePlace]:
    """A place whose machine is this one, through another process."""
    with Channel(PROGRAM, "far") as channel:
        yield RemotePlace(about=ABOUT, channel=channel, clock=clock_of(channel))


def test_what_is_asked_is_what_is_read(asked: RemotePlace) -> None:
    assert asked.read("/proc/version") == HERE.read("/proc/version")
    assert asked.texts(["/proc/version", "/proc/none", "/proc/sys/kernel/ostype"]) == [
        HERE.text("/proc/version"), None, "Linux",
    ]  # fmt: skip
    assert asked.lives(os.getpid())
    assert not asked.lives(PID)
    assert str(os.getpid()) in asked.entries("/proc")
    assert asked.link(f"/proc/{os.getpid()}/ns/net") == HERE.link("/proc/self/ns/net")
    assert asked.links(f"/proc/{os.getpid()}/ns")["net"] == HERE.link("/proc/self/ns/net")
    assert asked.cpus() == HERE.cpus()
    assert 0 < asked.free_port() < 65_536


def test_an_error_there_is_the_one_that_it_would_be_here(asked: RemotePlace) -> None:
    with pytest.raises(FileNotFoundError, match="/proc/none"):
        asked.read("/proc/none")
    with pytest.raises(NotADirectoryError):
        asked.entries("/proc/version")
    with pytest.raises(OSError, match="/proc/version") as raised:
        asked.link("/proc/version")
    assert raised.value.errno == errno.EINVAL


@pytest.mark.parametrize("path", ["/etc/hostname", "/.dockerenv", "/process", "/system/x"])
def test_a_file_of_the_container_is_none_of_the_machine(asked: RemotePlace, path: str) -> None:
    assert not asked.exists(path)
    assert asked.text(path) is None


def test_its_clock_and_when_something_began_by_its_wall_clock(asked: RemotePlace) -> None:
    # The same clock, so it is off by no more than an answer takes.
    assert abs(asked.clock.offset_ns) <= asked.clock.apart_ns
    before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()

    began_ns = asked.began_ns(0, wall_ns)

    heard_ns = time.monotonic_ns()
    slack_ns = (heard_ns - after_ns) + asked.clock.apart_ns
    assert before_ns - slack_ns <= began_ns <= after_ns + slack_ns
    assert HERE.began_ns(before_ns, wall_ns) == before_ns


def test_nothing_is_run_or_opened_there(asked: RemotePlace) -> None:
    with pytest.raises(EngineError, match="can't be run on another machine"):
        asked.command(["true"])
    assert usage.open_usage(replace(SOURCE, path="/"), asked) is None


def test_a_machine_that_is_gone_is_no_machine_without_processes() -> None:
    with Channel((sys.executable, "-c", "import sys; sys.exit('no route')"), "far") as channel:
        place = RemotePlace(about=ABOUT, channel=channel)

        with pytest.raises(EngineError, match=r"read on far can't be had: its process has ended: no route\."):
            place.lives(1)
        with pytest.raises(EngineError):
            lives([1], place)


def test_one_that_hangs_is_given_up() -> None:
    silent = Channel((sys.executable, "-c", "import sys; sys.stdin.read()"), "far")
    with silent as channel, pytest.raises(EngineError, match="it is silent"):
        channel.ask([("clocks", "")], within_s=0.2)


def test_the_process_ends_when_nobody_asks_any_more() -> None:
    with Channel((sys.executable, "-c", f"import os; print(os.getpid()); {_script()}"), "far") as channel:
        [line] = [channel._line(time.monotonic() + 15)]
        assert HERE.lives(int(line))
    assert not HERE.lives(int(line))


def _script() -> str:
    return f"exec({Path(answering.__file__).read_text().replace('__main__', 'x')!r} + '\\nmain()')"


def test_without_a_channel_only_what_is_told_is_known() -> None:
    place = RemotePlace(about=ABOUT)

    assert place.cpus() == (0, 1, 2, 3)
    assert place.text("/proc/version") is None
    assert kernel.cpu_model(place) is None


class Planted:
    """Answers of a machine that is nowhere."""

    def __init__(self, files: Mapping[str, str], links: Mapping[str, Mapping[str, str]]) -> None:
        self._files = files
        self._links = links

    def ask(self, questions: Iterable[tuple[str, str]]) -> list[Mapping[str, Any]]:
        return [self._answer(kind, path) for kind, path in questions]

    def _answer(self, kind: str, path: str) -> Mapping[str, Any]:
        below = {
            rest.split("/")[0] for name in self._files if (rest := name.removeprefix(f"{path}/")) != name
        }
        found: dict[str, Any] = {
            "read": self._files.get(path),
            "entries": sorted(below) or None,
            "links": self._links.get(path),
            "exists": path in self._files or bool(below),
        }
        found["link"] = self._links.get(path.rpartition("/")[0], {}).get(path.rpartition("/")[2])
        return {"is": found[kind]} if found[kind] is not None else {"errno": errno.ENOENT, "why": "none"}


def stat(pid: int, parent: int, ticks: int = 0) -> str:
    fields = ["S", str(parent), *"0" * 36]
    fields[11], fields[19] = str(ticks), "77"
    return f"{pid} (a (strange) name) {' '.join([*fields, '1', *'0' * 11])}"


TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:8F00 0200000A:1538 01 00000000:00000000 00:00000000 00000000 0 0 4711\n"
)


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> RemotePlace:
    """Four CPUs of two cores and a server of two processes; whoever asks this machine gets an error."""
    threads = {
        f"/proc/{pid}/task/{pid}/{name}": text
        for pid, children in ((PID, f"{PID + 1}"), (PID + 1, ""))
        for name, text in (("children", children), ("status", "Cpus_allowed_list:\t2-3\n"))
    }
    files = {
        "/proc/self/status": "Cpus_allowed_list:\t0-3\n",
        "/proc/self/cgroup": "0::/reader\n",
        "/proc/cpuinfo": "model name : A far CPU\nflags : fpu\n",
        "/proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        "/proc/stat": "cpu 1 1 1 1 1 1 1 100\n",
        "/host/cgroup/cgroup.controllers": "cpu memory pids",
        "/host/cgroup/cpu.stat": "usage_usec 1\n",
        f"/host/cgroup{GROUP}/cgroup.procs": f"{PID}\n{PID + 1}\n",
        f"/host/cgroup{GROUP}/cpu.stat": "usage_usec 1\nthrottled_usec 2000000\n",
        f"/host/cgroup{GROUP}/memory.current": "1000\n",
        f"/host/cgroup{GROUP}/memory.peak": "3000\n",
        f"/host/cgroup{GROUP}/memory.events": "oom 0\noom_kill 5\n",
        f"/host/cgroup{GROUP}/memory.max": "5000\n",
        f"/host/cgroup{GROUP}/pids.max": "max\n",
        f"/host/cgroup{GROUP}/cpu.max": "max 100000\n",
        f"/host/cgroup{GROUP}/cpu.weight": "305\n",
        f"/proc/{PID}/cgroup": f"0::{GROUP}\n",
        f"/proc/{PID + 1}/cgroup": f"0::{GROUP}\n",
        f"/proc/{PID}/stat": stat(PID, 1),
        f"/proc/{PID + 1}/stat": stat(PID + 1, PID, ticks=50),
        f"/proc/{PID}/net/tcp": TCP,
        **threads,
        **{
            f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list": f"{cpu % 2},{cpu % 2 + 2}\n"
            for cpu in range(4)
        },
    }
    links = {f"/proc/{PID + 1}/fd": {"5": "socket:[4711]", "6": "/dev/null"}, f"/proc/{PID}/fd": {}}

    def not_here(*_: object, **__: object) -> None:
        raise AssertionError("this machine was asked")

    for name in ("read", "exists", "entries", "link", "open", "cpus"):
        monkeypatch.setattr(Place, name, not_here)
    for name in ("cpu_count", "virtual_memory", "process_iter", "Process", "swap_memory", "cpu_times"):
        monkeypatch.setattr(psutil, name, not_here)
    for name in ("sched_getaffinity", "sched_getscheduler"):
        monkeypatch.setattr(os, name, not_here)
    return RemotePlace(cgroups="/host/cgroup", about=ABOUT, channel=cast(Channel, Planted(files, links)))


def test_a_server_there_is_read_there_alone(far: RemotePlace) -> None:
    assert usage.members(SOURCE, far) == [PID, PID + 1]
    assert usage.memory_bytes(SOURCE, far) == (1000, 3000)
    assert usage.oom_kills(SOURCE, far) == 5
    assert usage.throttled_s(SOURCE, far) == 2
    assert lives([PID, PID + 1, PID + 2], far) == {(77, PID): 1, (77, PID + 1): PID}
    assert serving(SOURCE, far) == (1, 1)
    assert peers({"server": PID}, far) == {"server": {"10.0.0.2:5432": 1}}
    assert confinement.read([PID, PID + 1], far) == Confinement((2, 3), 5000, weight=3.05, realtime=True)
    processes = Processes(SOURCE, far)
    processes.answers()
    processes.ready()
    processes.look()
    assert processes.restarts == 0


def test_what_a_server_there_does_not_show_is_unknown_and_not_nothing(far: RemotePlace) -> None:
    gone = replace(SOURCE, path="/docker/none", pid=0)

    assert usage.memory_bytes(gone, far) == (None, None)
    assert usage.oom_kills(gone, far) is None
    assert usage.throttled_s(gone, far) is None
    assert serving(gone, far) is None
    assert confinement.read([PID + 5], far) is None


def test_the_machine_of_a_run_is_the_one_that_serves(far: RemotePlace) -> None:
    split = split_cpus(far)
    assert (split.server, split.generator, split.store) == ((1, 3), (0, 2), (0, 2))

    found = describe(
        runtime="compose", docker="28", versions={}, images={}, cpu_split=split, notes=(), place=far
    )

    assert (found.host, found.os, found.kernel, found.cpus) == ("far", "Some Linux", "Linux 6.1", 4)
    assert found.cpu_model == "A far CPU"
    assert found.memory_bytes == 8 << 30
    assert found.cgroups == "v2"
    assert found.machine is not None
    assert "its-number" not in found.machine
    assert found.measured_from == run(["hostname"]).strip()


def test_what_may_spoil_figures_is_looked_for_there(far: RemotePlace, tmp_path: Path) -> None:
    facts = read_facts(tmp_path, quick=True, place=far)

    assert (facts.cpus, facts.cores, facts.memory_left_bytes) == (4, 2, 4 << 30)
    assert facts.cgroup_readable
    assert facts.container == ""
    # Of the harness's own Python no container has anything.
    spoiled = replace(facts, python=replace(facts.python, debug=True))
    assert not [note for note in notes(spoiled, "compose", elsewhere=True) if "python" in note]
    assert [note for note in notes(spoiled, "compose") if "python" in note]


def test_other_programs_are_looked_for_there(far: RemotePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    others = Others(far)
    now_s = 1.0
    busier = dict(cast(Planted, far.channel)._files) | {f"/proc/{PID}/stat": stat(PID, 1, ticks=75)}
    cast(Planted, far.channel)._files = busier

    assert others.since([]) == f"a (strange) name (process {PID}) used 0.8 CPUs"
    assert others.busy([PID]) == []


def test_an_answer_is_heard_before_a_signal_ends_anything() -> None:
    """Else it would be taken for the next one."""
    answers = (
        "import json, os, signal, sys\n"
        "for number, _ in enumerate(sys.stdin):\n"
        "    if number == 0: os.kill(os.getppid(), signal.SIGINT)\n"
        "    print(json.dumps({'number': number + 1, 'say': [{'is': number}]}), flush=True)\n"
    )
    with Channel((sys.executable, "-c", answers), "far") as channel:
        with interruptible(), pytest.raises(Interrupted):
            channel.ask([("clocks", "")])
        assert channel.ask([("clocks", "")]) == [{"is": 1}]
