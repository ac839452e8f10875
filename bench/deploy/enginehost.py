"""The machine of an engine: this one, or another, which is read through a container of ours on it."""

from __future__ import annotations

import inspect
import platform
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.deploy import images, ownership
from bench.deploy.engine import Engine
from bench.machine import answering, cgroups, kernel
from bench.machine.place import CGROUPS, HERE, About, Place
from bench.machine.remote import Channel, RemotePlace, clock_of
from bench.model.errors import EngineError

_MOUNTED = "/host/cgroup"
# By version, below /sys/fs/cgroup: each a mount of its own in version 1, which `readonly` has to be said of.
_CONTROLLERS = {"1": ("/cpu", "/cpuacct", "/memory", "/pids"), "2": ("",)}
# It sees the processes and the network of its machine, may read what is root's there, and change nothing.
_OBSERVING = (
    "--interactive", "--rm", "--pid", "host", "--network", "host", "--cgroupns", "host", "--userns", "host",
    "--cap-drop", "ALL", "--cap-add", "SYS_PTRACE", "--cap-add", "DAC_READ_SEARCH",
    "--security-opt", "no-new-privileges", "--read-only", "--user", "0:0", "--pids-limit", "16",
    # What it answers is nobody's log.
    "--log-driver", "none", "--entrypoint", "python",
)  # fmt: skip
# The kernel's names, by those that other systems have for the same.
_SAME = {"amd64": "x86_64", "arm64": "aarch64"}
_START_S = 60.0


def told(engine: Engine) -> Place:
    """The engine's machine, as far as the engine tells of it: nothing is started there.

    Raises:
        EngineError: no run can be had there.
    """
    if not engine.endpoint:
        return HERE
    info = engine.info()
    _require_fitting(engine, info)
    return RemotePlace(
        cgroups=_MOUNTED,
        about=About(
            host=str(info["Name"]),
            os=str(info["OperatingSystem"]),
            kernel=f"Linux {info['KernelVersion']}",
            cpus=int(info["NCPU"]),
            memory_bytes=int(info["MemTotal"]),
            number=str(info["ID"]),
        ),
    )


@contextmanager
def machine_of(engine: Engine, root: Path, say: Callable[[str], None]) -> Iterator[Place]:
    """The engine's machine, which can be read while the block lasts.

    Args:
        root: of the checkout, for the image in which it is read.

    Raises:
        EngineError: no run can be had there, or it can't be read.
    """
    place = told(engine)
    if not isinstance(place, RemotePlace):
        yield place
        return
    base = images.base_images(engine, root, ["PYTHON_IMAGE"], say)["PYTHON_IMAGE"]
    version = str(engine.info()["CgroupVersion"])
    with Channel(_command(engine, base, version), f"the machine of {engine.endpoint}") as channel:
        channel.ask([("clocks", "")], _START_S)
        place = replace(place, channel=channel, clock=clock_of(channel))
        _require_readable(place, version, engine)
        apart_ms = place.clock.apart_ns / 1e6
        say(f"servers and load are on the machine of {engine.endpoint}, {apart_ms:.1f} ms away")
        yield place


def _command(engine: Engine, image: str, version: str) -> list[str]:
    run_id = secrets.token_hex(4)
    labels = [word for item in ownership.labels(run_id).items() for word in ("--label", "=".join(item))]
    mounts = [
        word
        for name in _CONTROLLERS[version]
        for word in ("--mount", f"type=bind,source={CGROUPS}{name},target={_MOUNTED}{name},readonly")
    ]
    named = ("--name", f"wsgi-bench-{run_id}-reader")
    source = inspect.getsource(answering)
    return [engine.program, "run", *named, *labels, *_OBSERVING, *mounts, image, "-Ic", source]


def _require_fitting(engine: Engine, info: Mapping[str, Any]) -> None:
    where = f"The engine at {engine.endpoint}"
    ours, theirs = (_SAME.get(name.lower(), name) for name in (platform.machine(), str(info["Architecture"])))
    if info["OSType"] != "linux":
        raise EngineError(
            f"{where} runs on {info['OSType']}, and servers' images are for Linux. Name another."
        )
    if ours != theirs:
        raise EngineError(
            f"{where} has a machine of another architecture ({theirs}) than this one ({ours}), for which "
            f"images are made. Start the harness on one of its own."
        )
    if any("rootless" in option for option in info.get("SecurityOptions") or ()):
        raise EngineError(
            f"{where} runs without root's rights (rootless), so that of its machine neither processes nor "
            f"counters can be read. Name one that has them."
        )
    if str(info.get("CgroupVersion")) not in _CONTROLLERS or info.get("CgroupDriver") == "none":
        raise EngineError(
            f"{where} has no cgroups ({info.get('CgroupDriver')}), by which CPU time is counted and CPUs are "
            f"given. Mount them there, or name another."
        )


def _require_readable(place: Place, version: str, engine: Engine) -> None:
    """That what figures are made of can be read: one that can't is missing in a whole run."""
    seen = cgroups.version(place)
    if seen != f"v{version}" or kernel.available_bytes(place) is None or not place.cpus():
        raise EngineError(
            f"Of the machine of the engine at {engine.endpoint} its cgroups (version {version}), memory and "
            f"CPUs should be seen from a container, and aren't (cgroups: {seen}). Deploy from that machine "
            f"itself, or measure it with --target."
        )
