"""Everything that the checks know of this machine, read once; a fact that it doesn't tell is None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.doctor import cgroup, read
from bench.doctor.sample import Sample, take_sample
from bench.doctor.traces import Docker, Orphan, find_orphans, look_at_docker
from bench.machine import cgroups, kernel, priority
from bench.machine.environment import cpu_count, split_cpus
from bench.machine.place import HERE, Place
from bench.model import CpuSplit
from bench.model.finding import Finding


@dataclass(frozen=True)
class Facts:
    """What the checks judge.

    Attributes:
        cpus: of the whole machine; `split` deals out those that this process may use.
        cores: physical cores among the CPUs that may be used.
        quota_cpus: the CPUs' worth of time that a cgroup allows; None if unlimited.
        governors: every governor that one of the usable CPUs has.
        boost: whether clocks above the nominal one are allowed; `boost_switch` is the file that says so.
        perf_paranoid: kernel.perf_event_paranoid; `pmu`: whether hardware counters are shown.
        hypervisor: its name, "" for none; `container`: what kind this runs in, "" for none.
        memory_left_bytes: what can be had without swapping, limits of cgroups included.
        open_files: soft and hard limit of file descriptors.
        ports: the first and last port for outgoing connections.
        time_wait, time_wait_max: sockets in that state, and how many the kernel keeps.
        disk_left_bytes: beneath `results`.
        cgroup_readable: whether a cgroup's CPU time can be read.
        redis: path of redis-server.
        may_come_first: whether a run may come before other programs; None where that would change nothing.
        sample, docker, orphans: None if not looked for: it takes a second or more.
    """

    cpus: int
    split: CpuSplit
    cores: int | None
    quota_cpus: float | None
    governors: tuple[str, ...]
    boost: bool | None
    boost_switch: str
    clock_source: str | None
    clock_sources: tuple[str, ...]
    perf_paranoid: int | None
    pmu: bool | None
    hypervisor: str | None
    container: str
    memory_left_bytes: int
    swap_used_bytes: int
    open_files: tuple[int, int]
    somaxconn: int | None
    syn_backlog: int | None
    ports: tuple[int, int] | None
    tw_reuse: int | None
    timestamps: int | None
    time_wait: int | None
    time_wait_max: int | None
    results: str
    disk_left_bytes: int
    cgroup: Literal["v1", "v2"] | None
    cgroup_readable: bool
    redis: str | None
    python: read.Python
    may_come_first: bool | None
    sample: Sample | None = None
    docker: Docker | None = None
    orphans: tuple[Orphan, ...] | None = None


Check = Callable[[Facts], Finding]


def read_facts(results: Path, *, quick: bool = False, place: Place = HERE) -> Facts:
    """Read them; the only function here that isn't pure.

    Args:
        results: where results are written; needn't exist yet.
        quick: leave out what takes longer than a few milliseconds.
    """
    split = split_cpus(place)
    cpus = sorted({*split.server, *split.generator, *split.store})
    boost, switch = kernel.boost(place)
    version = cgroups.version(place)
    facts = Facts(
        cpus=cpu_count(place),
        split=split,
        cores=kernel.cores(place, cpus),
        quota_cpus=cgroup.quota_cpus(place),
        governors=kernel.governors(place, cpus),
        boost=boost,
        boost_switch=switch,
        clock_source=kernel.clock_source(place),
        clock_sources=kernel.clock_sources(place),
        perf_paranoid=kernel.sysctl(place, "kernel/perf_event_paranoid"),
        pmu=kernel.pmu(place),
        hypervisor=kernel.hypervisor(place),
        container=kernel.container(place),
        memory_left_bytes=read.memory_left_bytes(place),
        swap_used_bytes=read.swap_used_bytes(place),
        open_files=read.open_files(),
        somaxconn=kernel.sysctl(place, "net/core/somaxconn"),
        syn_backlog=kernel.sysctl(place, "net/ipv4/tcp_max_syn_backlog"),
        ports=kernel.ports(place),
        tw_reuse=kernel.sysctl(place, "net/ipv4/tcp_tw_reuse"),
        timestamps=kernel.sysctl(place, "net/ipv4/tcp_timestamps"),
        time_wait=kernel.time_wait(place),
        time_wait_max=kernel.sysctl(place, "net/ipv4/tcp_max_tw_buckets"),
        results=str(results),
        disk_left_bytes=read.disk_left_bytes(results),
        cgroup=version,
        cgroup_readable=read.cgroup_readable(place, version),
        redis=read.redis(),
        python=read.python(),
        may_come_first=priority.permitted(place),
    )
    if quick:
        return facts
    # The sample first: what follows starts processes.
    sample = take_sample()
    return replace(facts, sample=sample, docker=look_at_docker(), orphans=find_orphans())
