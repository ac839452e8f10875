"""On what a run has measured: the machine and its CPUs, processes and their limits, versions and sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["server", "generator", "store"]


@dataclass(frozen=True)
class UsageSource:
    """Where the CPU time and memory of a deployment are read.

    Attributes:
        kind: "cgroup1", "cgroup2" or "processes"; "none" for what the harness did not start, and for
            containers without a cgroup that is seen from here.
        path: directory of the cgroup (for "cgroup1" the part below each controller's mount).
        pid: root of the process tree.
    """

    kind: Literal["cgroup1", "cgroup2", "processes", "none"]
    path: str = ""
    pid: int = 0


@dataclass(frozen=True)
class Confinement:
    """What processes may use at most, and before whom; None for no limit.

    Attributes:
        pids: processes and threads.
        quota_cpus: CPU time in each period, as a number of CPUs.
        weight: the share of a contended CPU that they get, as a multiple of another program's; None where it
            isn't asked for or can't be read, and in results of before it was.
        realtime: whether they come before every ordinary program.
    """

    cpus: tuple[int, ...]
    memory_bytes: int | None = None
    pids: int | None = None
    quota_cpus: float | None = None
    weight: float | None = None
    realtime: bool = False


@dataclass(frozen=True)
class Limits:
    """What the user gave each server to use at most; None for the usual.

    Attributes:
        cpus: CPU time in each period, as a number of CPUs.
    """

    cpus: float | None = None
    memory_bytes: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Confined:
    """What something of a run was to be confined to, and what holds for its running processes.

    Attributes:
        deployment: of the server; empty for the load generator and for Redis.
        read: from the processes while they run; None where they can't be seen from here.
    """

    role: Role
    deployment: str
    round: int
    asked: Confinement
    read: Confinement | None


@dataclass(frozen=True)
class OtherProgram:
    """A program of somebody else's that stood out in a round by the CPU time that it used.

    Attributes:
        cpus: CPU time of it and of what it had started, over the round's time.
    """

    round: int
    name: str
    cpus: float


@dataclass(frozen=True)
class CpuSplit:
    """Which CPUs belong to whom. Overlaps are possible on one CPU or two.

    Attributes:
        notes: what of it may surprise, or matters for the figures, a sentence each.
    """

    server: tuple[int, ...]
    generator: tuple[int, ...]
    store: tuple[int, ...]
    notes: tuple[str, ...] = field(default=(), compare=False, kw_only=True)

    @property
    def apart(self) -> bool:
        """Whether the server's CPUs are nobody else's of the run."""
        return not set(self.server) & {*self.generator, *self.store}


@dataclass(frozen=True)
class MeasuredCode:
    """Which code a run measured, so that `resume` goes on with the same; paths in the checkout are told from
    there.

    Attributes:
        interpreter: the Python that the harness runs in; without containers it serves, too.
        search: the folders of PYTHONPATH, absolute, where servers get them.
        variables: names of the environment variables that servers get from outside. Never their values.
        compose: the variables that docker-compose.yml took from outside; their values stand in the servers'
            commands and environments, too.
        paths: `module:callable` to the module's file.
        sources: hashes, by `module:callable` and by folder of the checkout.
    """

    interpreter: str
    search: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    compose: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """The machine and software that a result belongs to.

    Attributes:
        machine: a hash of the installation's own number (machine-id(5)), from which that can't be told; None
            where there is none, and in results of before it was saved.
        cgroups: the version that controls CPU and memory, "v1" or "v2"; None as above.
        measured_from: the host on which the harness ran, where servers and load generator ran on another one,
            which `host` and the rest is about; None where it is the same.
        kept_awake: the CPUs of the load generator that were kept from going idle.
        images: identity of the image of each server, of Redis, the driver and their base;
            empty without containers.
        measured: None in results of before it was saved.
    """

    cpu_model: str
    cpus: int
    memory_bytes: int
    kernel: str
    os: str
    host: str
    python: str
    runtime: str
    docker: str | None
    versions: Mapping[str, str]
    images: Mapping[str, str]
    cpu_split: CpuSplit
    notes: tuple[str, ...] = ()
    measured: MeasuredCode | None = None
    machine: str | None = None
    cgroups: str | None = None
    measured_from: str | None = None
    kept_awake: tuple[int, ...] = ()
