"""What the doctor says of planted facts, and that it reads real ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from bench.deploy.engine import find_engine
from bench.deploy.ownership import RUN_LABEL
from bench.doctor import CHECKS, Facts, cgroup, examine, notes, read_facts
from bench.doctor.page import show
from bench.doctor.read import Python
from bench.doctor.sample import Busy, Sample, printable, take_sample
from bench.doctor.traces import Docker, Orphan, find_orphans, look_at_docker
from bench.machine import process
from bench.machine.place import Place
from bench.model import CpuSplit
from bench.model.finding import DOCTOR, Finding

GIB = 1 << 30
MIB = 1 << 20
PYTHON = Python("3.13.5", debug=False, optimised=True, profile_guided=True)
QUIET = Sample(others_cpus=0.02, top=(Busy("sshd", 7, 0.02),), steal_share=0.0)
DOCKER = Docker("28.0.1", "2.40.3")

# A machine with which nothing is wrong.
HEALTHY = Facts(
    cpus=8,
    split=CpuSplit(server=(3, 4, 5, 6, 7), generator=(0, 1), store=(2,)),
    cores=8,
    quota_cpus=None,
    governors=("performance",),
    boost=False,
    boost_switch="/sys/devices/system/cpu/cpufreq/boost",
    clock_source="tsc",
    clock_sources=("tsc", "hpet", "acpi_pm"),
    perf_paranoid=2,
    pmu=True,
    hypervisor="",
    container="",
    memory_left_bytes=16 * GIB,
    swap_used_bytes=0,
    open_files=(20_000, 20_000),
    somaxconn=4096,
    syn_backlog=2048,
    ports=(32768, 60999),
    tw_reuse=2,
    timestamps=1,
    time_wait=12,
    time_wait_max=131072,
    results="results",
    disk_left_bytes=50 * GIB,
    cgroup="v2",
    cgroup_readable=True,
    redis="/usr/bin/redis-server",
    python=PYTHON,
    may_come_first=True,
    sample=QUIET,
    docker=DOCKER,
    orphans=(),
)
# One where nothing can be read that isn't on every system.
SILENT: dict[str, Any] = {
    "cores": None, "governors": (), "boost": None, "boost_switch": "", "clock_source": None,
    "clock_sources": (), "perf_paranoid": None, "pmu": None, "hypervisor": None, "somaxconn": None,
    "syn_backlog": None, "ports": None, "tw_reuse": None, "timestamps": None, "time_wait": None,
    "time_wait_max": None, "cgroup": None, "cgroup_readable": False, "sample": None, "docker": None,
    "orphans": None, "may_come_first": None,
}  # fmt: skip


def find(name: str, facts: Facts) -> Finding:
    """The finding of that name."""
    (finding,) = [finding for finding in examine(facts) if finding.code == name]
    return finding


def test_nothing_is_wrong_with_a_healthy_machine() -> None:
    findings = examine(HEALTHY)

    assert {finding.severity for finding in findings} == {"ok"}
    assert notes(HEALTHY) == ()
    assert {finding.code for finding in findings} == set(DOCTOR)
    assert len(CHECKS) == len(DOCTOR)


def test_what_cannot_be_read_is_unknown_and_no_crash() -> None:
    unknown = {
        finding.code for finding in examine(replace(HEALTHY, **SILENT)) if finding.severity == "unknown"
    }

    assert unknown == {
        "governor", "turbo", "other-load", "steal", "clock-source", "hardware-counters", "virtualisation",
        "somaxconn", "syn-backlog", "port-range", "tw-reuse", "timestamps", "time-wait", "docker",
        "cpu-counters", "leftovers", "priority",
    }  # fmt: skip
    assert notes(replace(HEALTHY, **SILENT)) == ()


SPOILED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("cpus", "warning", {"split": CpuSplit((0,), (0,), (0,)), "cores": 1}, "indicative only", "4 cores"),
    ("cpus", "warning", {"split": CpuSplit((1,), (0,), (0,)), "cores": 2}, "server on 1", "4 cores"),
    ("cpus", "warning", {"split": CpuSplit((1,), (0,), (0,)), "cores": 1}, "sibling threads", "4 cores"),
    ("cpu-quota", "warning", {"quota_cpus": 1.5}, "cut off at 1.5 CPUs", "--cpuset-cpus"),
    ("governor", "warning", {"governors": ("powersave",)}, "powersave", "cpupower frequency-set -g perf"),
    ("governor", "warning", {"governors": ("performance", "schedutil")}, "schedutil", "cpupower"),
    ("turbo", "warning", {"boost": True}, "on", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
    ("turbo", "warning", {"boost": True, "boost_switch": "/sys/no_turbo"}, "on", "echo 1 | sudo tee /sys/no"),
    (
        "other-load",
        "warning",
        {"sample": Sample(1.34, (Busy("make", 42, 0.9), Busy("cc1", 43, 0.44)), 0.0)},
        "1.34 of 8 CPUs: make (pid 42) 90 %, cc1 (pid 43) 44 %",
        "End or pause",
    ),
    ("other-load", "problem", {"sample": Sample(4.0, (), 0.0)}, "4.00 of 8 CPUs", "End or pause"),
    ("steal", "warning", {"sample": replace(QUIET, steal_share=0.02)}, "2.0 %", "dedicated CPUs"),
    ("steal", "problem", {"sample": replace(QUIET, steal_share=0.25)}, "25.0 %", "dedicated CPUs"),
    ("clock-source", "warning", {"clock_source": "hpet"}, "hpet", "echo tsc | sudo tee /sys/"),
    ("clock-source", "warning", {"clock_source": "acpi_pm", "clock_sources": ("acpi_pm",)}, "", "dmesg"),
    ("memory", "warning", {"memory_left_bytes": 900 * MIB}, "900.0 MiB", "End what"),
    ("memory", "problem", {"memory_left_bytes": 200 * MIB}, "200.0 MiB", "End what"),
    ("swap", "warning", {"swap_used_bytes": 3 * GIB}, "3.0 GiB", "swapoff"),
    ("disk", "warning", {"disk_left_bytes": 500 * MIB}, "500.0 MiB left for results", "--out"),
    ("disk", "problem", {"disk_left_bytes": 9 * MIB}, "9.0 MiB", "Make room"),
    ("open-files", "warning", {"open_files": (512, 1 << 20)}, "at most 512", "ulimit -n 4096"),
    ("open-files", "problem", {"open_files": (256, 1024)}, "at most 256", "limits.conf"),
    ("somaxconn", "problem", {"somaxconn": 128}, "128", "sysctl net.core.somaxconn=4096"),
    ("syn-backlog", "warning", {"syn_backlog": 128}, "128", "tcp_max_syn_backlog=2048"),
    ("port-range", "warning", {"ports": (50000, 60999)}, "11,000 ports", "ip_local_port_range="),
    ("port-range", "problem", {"ports": (60000, 60099)}, "100 ports", "ip_local_port_range="),
    ("tw-reuse", "warning", {"tw_reuse": 0}, "off", "tcp_tw_reuse=2"),
    ("timestamps", "warning", {"timestamps": 0}, "off", "tcp_timestamps=1"),
    ("time-wait", "warning", {"time_wait": 131_000}, "of 131,072 at most", "Wait a minute"),
    ("redis-server", "warning", {"redis": None}, "not found", "pip install"),
    ("redis-server", "problem", {"redis": None, "docker": Docker(None, missing="none")}, "not", "pip inst"),
    ("cpu-counters", "warning", {"cgroup_readable": False}, "cgroup v2, but not", "--runtime local"),
    ("leftovers", "warning", {"docker": replace(DOCKER, runs=("run-1",))}, "run-1", "`wsgi-bench clean`"),
    (
        "leftovers",
        "warning",
        {"orphans": (Orphan("uwsgi", 9), Orphan("g", 10))},
        "uwsgi (pid 9)",
        "kill 9 10",
    ),
    ("python-build", "problem", {"python": replace(PYTHON, debug=True)}, "debug", "--enable-optim"),
    ("python-build", "problem", {"python": replace(PYTHON, optimised=False)}, "without optimisation", "Use"),
    ("python-build", "warning", {"python": replace(PYTHON, profile_guided=False)}, "--enable-opt", "Use"),
]


@pytest.mark.parametrize(
    ("name", "state", "change", "found", "fix"),
    SPOILED,
    ids=[f"{name}-{number}" for number, (name, *_) in enumerate(SPOILED)],
)
def test_what_spoils_a_run_is_found_with_its_fix(
    name: str, state: str, change: dict[str, Any], found: str, fix: str
) -> None:
    facts = replace(HEALTHY, **change)
    finding = find(name, facts)

    assert finding.severity == state
    assert found in finding.text
    assert fix in finding.fix
    assert finding.why
    assert f"{name}: {finding.text}" in notes(facts)
    others = {other.code: other.severity for other in examine(facts) if other.code != name}
    assert set(others.values()) == {"ok"}, others


@pytest.mark.parametrize("off", [{"tw_reuse": 0}, {"timestamps": 0}])
def test_sockets_in_time_wait_hold_ports_that_are_not_reused(off: dict[str, Any]) -> None:
    finding = find("time-wait", replace(HEALTHY, time_wait=20_000, **off))

    assert finding.severity == "warning"
    assert "for 28,232 ports" in finding.text
    assert "ss -tan" in finding.fix


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("cpus", {"cores": None}, "8 CPUs, not known whether threads of one core: server on 3-7"),
        ("open-files", {"open_files": (-1, -1)}, "no limit"),
        (
            "docker",
            {"docker": Docker(None, missing="There is no `docker` command.")},
            "not used: There is no",
        ),
        ("virtualisation", {"hypervisor": "KVM", "container": "Docker"}, "(KVM), in a container (Docker)"),
        ("hardware-counters", {"pmu": False}, "none"),
        ("hardware-counters", {"perf_paranoid": 4}, "perf_event_paranoid is 4"),
        ("time-wait", {"time_wait": 60_000}, "60,000 sockets"),
        ("tw-reuse", {"tw_reuse": 1}, "everywhere"),
        ("python-build", {"python": replace(PYTHON, profile_guided=None)}, "3.13.5"),
    ],
)
def test_what_is_worth_saying_but_no_trouble(name: str, change: dict[str, Any], found: str) -> None:
    finding = find(name, replace(HEALTHY, **change))

    assert finding.severity == "ok"
    assert found in finding.text


def test_this_machine_can_be_read(tmp_path: Path) -> None:
    facts = read_facts(tmp_path / "not" / "there" / "yet")
    findings = examine(facts)

    assert len(findings) == len(CHECKS)
    assert all(finding.text and finding.why for finding in findings)
    assert all(finding.fix for finding in findings if finding.severity in ("warning", "problem"))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", finding.code) for finding in findings)
    assert facts.sample is not None
    assert facts.docker is not None
    assert facts.orphans is not None
    assert facts.disk_left_bytes > 0


def test_a_quick_look_leaves_out_what_takes_time(tmp_path: Path) -> None:
    facts = read_facts(tmp_path, quick=True)

    assert (facts.sample, facts.docker, facts.orphans) == (None, None, None)
    assert not any(note.startswith(("other-load", "steal", "leftovers")) for note in notes(facts))


def test_a_sample_names_who_used_most_first() -> None:
    sample = take_sample()

    assert sample.others_cpus >= 0
    assert [busy.cpus for busy in sample.top] == sorted((busy.cpus for busy in sample.top), reverse=True)
    assert os.getpid() not in {busy.pid for busy in sample.top}


def test_names_of_processes_reach_no_terminal_raw() -> None:
    assert printable("a\x1b[2Jb\nü") == "a?[2Jb?ü"


def test_a_server_whose_harness_was_killed_is_found(tmp_path: Path) -> None:
    """Its session's leader has ended, as the kernel ends what the harness started; its worker lives on."""
    # It says its number itself: a process that was just started has no environment for a moment.
    worker = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {worker!r}])"
    environment = {**os.environ, "APP": "x:y", "BIND": "127.0.0.1:0", "REDIS_DB": "1"}
    leader = process.spawn(
        [sys.executable, "-c", parent], environment=environment, cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert leader.stdout is not None
    with leader.stdout:
        pid = int(leader.stdout.readline())
    try:
        leader.wait()
        assert Orphan(psutil.Process(pid).name(), pid) in find_orphans()
    finally:
        psutil.Process(pid).kill()


def test_a_server_whose_harness_lives_is_no_leftover(tmp_path: Path) -> None:
    environment = {**os.environ, "APP": "x:y", "BIND": "127.0.0.1:0", "REDIS_DB": "1"}
    server = process.spawn(["sleep", "60"], environment=environment, cwd=tmp_path)
    try:
        assert server.pid not in {orphan.pid for orphan in find_orphans()}
    finally:
        server.kill()
        server.wait()


@pytest.mark.containers
def test_what_a_run_has_in_the_docker_engine_is_found() -> None:
    engine, name = find_engine(), f"wsgi-bench-doctor-{os.getpid()}"
    engine.run("network", "create", "--label", f"{RUN_LABEL}={name}", name)
    try:
        assert name in look_at_docker().runs
    finally:
        engine.run("network", "rm", name)


def plant(root: Path, membership: str, files: dict[str, str]) -> Place:
    """A machine of files: what this process is told of its cgroups, and those."""
    cgroups = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in {"proc/self/cgroup": membership, **cgroups}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Place(root=str(root))


def test_the_tightest_limit_of_cgroup_v2_counts(tmp_path: Path) -> None:
    place = plant(
        tmp_path,
        "0::/user/job\n",
        {
            "cgroup.controllers": "cpu memory",
            "user/cpu.max": "150000 100000\n",
            "user/memory.max": f"{4 * GIB}\n",
            "user/memory.current": f"{3 * GIB}\n",
            "user/memory.stat": f"anon 5\ninactive_file {GIB // 2}\n",
            "user/job/cpu.max": "max 100000\n",
            "user/job/memory.max": "max\n",
            "user/job/memory.current": "1000\n",
        },
    )

    assert cgroup.quota_cpus(place) == 1.5
    assert cgroup.memory_left_bytes(place) == GIB + GIB // 2


def test_limits_of_cgroup_v1(tmp_path: Path) -> None:
    place = plant(
        tmp_path,
        "5:memory:/job\n3:cpu,cpuacct:/on/the/host\n0::/\n",
        {
            "cpu,cpuacct/cpu.cfs_quota_us": "50000",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "memory/job/memory.limit_in_bytes": str(2 * GIB),
            "memory/job/memory.usage_in_bytes": str(GIB),
            "memory/job/memory.stat": f"inactive_file 1\ntotal_inactive_file {MIB}\n",
        },
    )

    assert cgroup.quota_cpus(place) == 0.5
    assert cgroup.memory_left_bytes(place) == GIB + MIB


def test_without_cgroups_there_is_no_limit(tmp_path: Path) -> None:
    assert cgroup.quota_cpus(Place(root=str(tmp_path))) is None
    assert cgroup.memory_left_bytes(Place(root=str(tmp_path))) is None


def rendered(findings: tuple[Finding, ...]) -> str:
    output = StringIO()
    show(findings, Console(file=output, width=80, color_system=None, highlight=False))
    return output.getvalue()


def test_the_page_fits_80_columns_and_has_the_worst_first() -> None:
    long = "/".join(["a-rather-long-folder"] * 12)
    facts = replace(HEALTHY, somaxconn=128, redis=None, memory_left_bytes=MIB, results=long)
    text = rendered(examine(facts))

    assert max(map(len, text.splitlines())) <= 80
    assert all(line == line.rstrip() for line in text.splitlines())
    states = re.findall(r"^. (problem|warning|unknown|ok)\b", text, re.MULTILINE)
    assert states == sorted(states, key=["problem", "warning", "unknown", "ok"].index)
    assert len(states) == len(CHECKS)
    assert "Run: sudo sysctl net.core.somaxconn=4096" in text
    assert text.endswith("2 of 25 checks found what would spoil a run: see above.\n")


def test_the_page_says_when_there_is_nothing() -> None:
    assert "Nothing found in 25 checks" in rendered(examine(HEALTHY))
    assert "1 of 25 checks have a warning" in rendered(examine(replace(HEALTHY, tw_reuse=0)))


def test_the_page_of_a_terminal_without_unicode() -> None:
    raw = BytesIO()
    with TextIOWrapper(raw, encoding="ascii", write_through=True) as output:
        show(examine(replace(HEALTHY, results="räsults")), Console(file=output, width=80))
        text = raw.getvalue().decode("ascii")

    assert "+ ok" in text
    assert "r?sults" in text


def test_markup_in_what_was_found_is_text() -> None:
    assert "[red]results[/red]" in rendered(examine(replace(HEALTHY, results="[red]results[/red]")))


def test_that_a_run_may_not_come_first_spoils_nothing() -> None:
    facts = replace(HEALTHY, may_come_first=False)
    finding = find("priority", facts)
    assert (finding.severity, finding.text) == ("ok", "not permitted")
    assert "CAP_SYS_NICE" in finding.fix
    assert notes(facts) == ()
