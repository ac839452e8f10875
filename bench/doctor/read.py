"""Single facts of this machine, mostly from /proc and /sys. None, or nothing: this machine doesn't say."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import sys
import sysconfig
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from bench.deploy.redisprocess import find_redis_server
from bench.doctor import cgroup
from bench.machine.usage import open_usage
from bench.model import UsageSource
from bench.model.errors import StoreError

_CPU = Path("/sys/devices/system/cpu")
CLOCK = Path("/sys/devices/system/clocksource/clocksource0")
_BOOST_SWITCHES = ((_CPU / "intel_pstate/no_turbo", "0"), (_CPU / "cpufreq/boost", "1"))
# Where the kernel shows hardware counters: x86, hybrid x86, and Arm.
_PMU = re.compile(r"cpu|cpu_core|armv\d.*|apple_.*")


@dataclass(frozen=True)
class Python:
    """How the Python that runs this was built.

    Attributes:
        optimised: whether the compiler optimised.
        profile_guided: whether it was built with --enable-optimizations; None if a distribution built it:
            some do the same in another way (Debian's rules call `make profile-opt`).
    """

    version: str
    debug: bool
    optimised: bool | None
    profile_guided: bool | None


def contents(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None


def sysctl(name: str) -> int | None:
    """A kernel setting, named like the path below /proc/sys."""
    text = contents(Path("/proc/sys") / name)
    return int(text) if text and text.lstrip("-").isdecimal() else None


def cores(cpus: Collection[int]) -> int | None:
    siblings = {contents(_CPU / f"cpu{cpu}/topology/thread_siblings_list") for cpu in cpus}
    return None if None in siblings else len(siblings)


def governors(cpus: Collection[int]) -> tuple[str, ...]:
    found = {contents(_CPU / f"cpu{cpu}/cpufreq/scaling_governor") for cpu in cpus}
    return tuple(sorted(name for name in found if name))


def boost() -> tuple[bool | None, str]:
    for path, on in _BOOST_SWITCHES:
        text = contents(path)
        if text is not None:
            return text == on, str(path)
    return None, ""


def pmu() -> bool | None:
    devices = Path("/sys/bus/event_source/devices")
    return any(_PMU.fullmatch(d.name) for d in devices.iterdir()) if devices.is_dir() else None


def hypervisor() -> str | None:
    cpuinfo = contents(Path("/proc/cpuinfo"))
    if cpuinfo is None:
        return None
    named = contents(Path("/sys/hypervisor/type")) or contents(Path("/sys/class/dmi/id/sys_vendor"))
    flags = re.search(r"^(?:flags|Features)\s*:.*$", cpuinfo, re.MULTILINE)
    if flags and "hypervisor" in flags[0].split():
        if "kvm-clock" in (contents(CLOCK / "available_clocksource") or ""):
            return "KVM"
        return named or "not named"
    # Arm has no such flag; the firmware of these says what they are.
    return named if named in ("QEMU", "xen", "VMware, Inc.") else ""


def container() -> str:
    if Path("/.dockerenv").exists():
        return "Docker"
    if Path("/run/.containerenv").exists():
        return "Podman"
    return contents(Path("/run/systemd/container")) or ""


def memory_left_bytes() -> int:
    free = int(psutil.virtual_memory().available)
    limit = cgroup.memory_left_bytes()
    return free if limit is None else max(0, min(free, limit))


def swap_used_bytes() -> int:
    # psutil.swap_memory() warns where /proc/vmstat can't be read, as in some containers.
    meminfo = contents(Path("/proc/meminfo"))
    if meminfo is None:
        return int(psutil.swap_memory().used)
    sizes = dict(re.findall(r"^(Swap\w+):\s+(\d+)", meminfo, re.MULTILINE))
    return (int(sizes.get("SwapTotal", 0)) - int(sizes.get("SwapFree", 0))) * 1024


def open_files() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def threads_left() -> int | None:
    """How many more processes and threads this user may have here; None if unlimited."""
    limits = [cgroup.tasks_left()]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    # RLIM_INFINITY is negative in Python; root isn't held to the limit (getrlimit(2)).
    if soft >= 0 and (me := os.getuid()) != 0:
        limits.append(soft - sum(_threads(directory, me) for directory in Path("/proc").glob("[0-9]*")))
    return min((limit for limit in limits if limit is not None), default=None)


def _threads(directory: Path, user: int) -> int:
    """The threads of a process, if it is the user's."""
    status = contents(directory / "status") or ""
    owner = re.search(r"^Uid:\t(\d+)", status, re.MULTILINE)
    threads = re.search(r"^Threads:\t(\d+)", status, re.MULTILINE)
    return int(threads[1]) if owner and threads and int(owner[1]) == user else 0


def ports() -> tuple[int, int] | None:
    words = (contents(Path("/proc/sys/net/ipv4/ip_local_port_range")) or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 else None


def time_wait() -> int | None:
    found = re.search(r"^TCP:.*\btw (\d+)", contents(Path("/proc/net/sockstat")) or "", re.MULTILINE)
    return int(found[1]) if found else None


def disk_left_bytes(path: Path) -> int:
    existing = next(above for above in (path, *path.absolute().parents) if above.exists())
    return shutil.disk_usage(existing).free


def cgroup_readable(version: Literal["v1", "v2"] | None) -> bool:
    if version is None:
        return False
    reader = open_usage(UsageSource("cgroup1" if version == "v1" else "cgroup2", path="/"))
    if reader is None:
        return False
    reader.close()
    return True


def redis() -> str | None:
    try:
        return find_redis_server()
    except StoreError:
        return None


def python() -> Python:
    levels = re.findall(r"-O\S*", sysconfig.get_config_var("PY_CFLAGS") or "")
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    distributed = sys.base_prefix == "/usr"
    return Python(
        version=platform.python_version(),
        debug=bool(sysconfig.get_config_var("Py_DEBUG")),
        # The last one counts; a compiler without any doesn't optimise.
        optimised=None if arguments is None else bool(levels) and levels[-1] not in ("-O0", "-Og"),
        profile_guided="--enable-optimizations" in (arguments or "") or (None if distributed else False),
    )
