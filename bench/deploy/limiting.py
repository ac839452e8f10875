"""The limits of servers that run as child processes: of a cgroup each, where one can be had that limits.

Sources: cgroup v1 https://docs.kernel.org/scheduler/sched-bwc.html and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.deploy import cgroup
from bench.deploy.cgroup import Cgroup
from bench.machine import cgroups
from bench.machine.place import Place
from bench.model.errors import MachineError
from bench.model.surroundings import NO_LIMITS, Limits

_PERIOD_US = 100_000


def limited(group: Cgroup | None, limits: Limits, place: Place) -> Cgroup | None:
    """A server's cgroup, made to limit it; as it is where there is nothing to limit.

    Whole CPUs are the number of those that it runs on, and no affair of a cgroup.

    Raises:
        MachineError: a limit can't be had.
    """
    second = cgroups.version(place) == "v2"
    wanted = {**_cpu(limits, second=second), **_memory(limits, second=second)}
    made: list[Path] = []
    try:
        for controller, files in wanted.items():
            if group is None:
                raise OSError("there is no cgroup")
            folder = _folder(group, controller, place, second=second)
            if folder != group.directory:
                folder.mkdir(exist_ok=True)
                made.append(folder)
            for name, value in files.items():
                # Machines that can't count swap have no file for it.
                if "sw" not in name or (folder / name).exists():
                    (folder / name).write_text(value)
    except OSError:
        if group is not None:
            replace(group, limiting=tuple(made)).remove()
        asked = " and ".join({"cpu": "--cpus", "memory": "--memory"}[name] for name in wanted)
        raise MachineError(
            f"{asked}: that takes a cgroup, and none that limits can be had here. Run in one of your own "
            f"(`systemd-run --user --scope -p Delegate=yes wsgi-bench ...`, as root without --user), or in "
            f"containers (--runtime compose)."
        ) from None
    return replace(group, limiting=tuple(made)) if group is not None else None


def require(limits: Limits, place: Place) -> None:
    """See that limits can be had, before anything is started.

    Raises:
        MachineError: they can't.
    """
    if limits != NO_LIMITS and (group := limited(cgroup.make(place), limits, place)) is not None:
        group.remove()


def whole_cpus(limits: Limits) -> int | None:
    """How many CPUs a server is to run on at most; None for all."""
    return int(limits.cpus) if limits.cpus is not None and limits.cpus == int(limits.cpus) else None


def _cpu(limits: Limits, *, second: bool) -> dict[str, dict[str, str]]:
    if limits.cpus is None or whole_cpus(limits) is not None:
        return {}
    quota = round(limits.cpus * _PERIOD_US)
    if second:
        return {"cpu": {"cpu.max": f"{quota} {_PERIOD_US}"}}
    return {"cpu": {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota)}}


def _memory(limits: Limits, *, second: bool) -> dict[str, dict[str, str]]:
    """Swap would turn a lack of memory into a slowness that looks like the server's."""
    if limits.memory_bytes is None:
        return {}
    size = str(limits.memory_bytes)
    if second:
        return {"memory": {"memory.max": size, "memory.swap.max": "0"}}
    return {"memory": {"memory.limit_in_bytes": size, "memory.memsw.limit_in_bytes": size}}


def _folder(group: Cgroup, controller: str, place: Place, *, second: bool) -> Path:
    if second:
        cgroup.enable(controller, group.directory.parent, place)
        return group.directory
    return Path(cgroups.mount(controller, place)) / group.source.path.lstrip("/")
