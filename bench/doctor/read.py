"""Single facts of this machine and of what runs this. None, or nothing: it doesn't say."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from bench.deploy.redisprocess import find_redis_server
from bench.doctor import cgroup
from bench.machine import kernel
from bench.machine.place import Place
from bench.machine.usage import readable
from bench.model import UsageSource
from bench.model.errors import StoreError


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


def memory_left_bytes(place: Place) -> int:
    said = kernel.available_bytes(place)
    free = int(psutil.virtual_memory().available) if said is None else said
    limit = cgroup.memory_left_bytes(place)
    return free if limit is None else max(0, min(free, limit))


def swap_used_bytes(place: Place) -> int:
    # psutil.swap_memory() warns where /proc/vmstat can't be read, as in some containers.
    used = kernel.swap_used_bytes(place)
    return int(psutil.swap_memory().used) if used is None else used


def open_files() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def threads_left(place: Place) -> int | None:
    """How many more processes and threads this user may have; None if unlimited."""
    limits = [cgroup.tasks_left(place)]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    # RLIM_INFINITY is negative in Python; root isn't held to the limit (getrlimit(2)).
    if soft >= 0 and (me := os.getuid()) != 0:
        limits.append(soft - kernel.threads_of(place, me))
    return min((limit for limit in limits if limit is not None), default=None)


def disk_left_bytes(path: Path) -> int:
    existing = next(above for above in (path, *path.absolute().parents) if above.exists())
    return shutil.disk_usage(existing).free


def cgroup_readable(place: Place, version: Literal["v1", "v2"] | None) -> bool:
    if version is None:
        return False
    return readable(UsageSource("cgroup1" if version == "v1" else "cgroup2", path="/"), place)


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
