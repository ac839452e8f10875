"""Whose a container or network is: labels that name the run and the harness process that made it."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from bench.deploy.engine import Engine
from bench.machine import process
from bench.machine.environment import machine
from bench.machine.lasting import birth

RUN_LABEL = "wsgi-bench.run"
HARNESS_LABEL = "wsgi-bench.harness"
# On every image that servers/Dockerfile and servers/base/build make.
_IMAGE_LABEL = "wsgi-bench.image"
_REMOVE_S = 60.0
_ATTEMPTS = 3


def labels(run_id: str) -> dict[str, str]:
    """The labels of everything that this process makes for a run."""
    return {RUN_LABEL: run_id, HARNESS_LABEL: _this_harness()}


def tag(run_id: str) -> str:
    """The tag of a run's images, by which they are known to be this process's. It can't be a label: labels
    are a part of an image, so that no two runs would have the same one.
    """
    _, pid, born = _this_harness().split("/")
    return f"{run_id}.{_digest_of_machine()}.{pid}.{born}"


def remove_run(engine: Engine, run_id: str) -> None:
    """Remove every container and network of one run, and the images that were built for it alone.

    Raises:
        EngineError: the engine is gone.
        CommandFailed: something can't be removed.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        containers = _list(engine, "container", run_id)
        networks = _list(engine, "network", run_id)
        images = [*_list(engine, "image", run_id), *_named(engine, f"{run_id}.*")]
        if not containers and not networks and not images:
            return
        try:
            if containers:
                engine.run("container", "rm", "--force", "--volumes", *containers, timeout_s=_REMOVE_S)
            if networks:
                engine.run("network", "rm", *networks, timeout_s=_REMOVE_S)
            if images:
                engine.run("image", "rm", "--force", *images, timeout_s=_REMOVE_S)
        except process.CommandFailed:
            # What removes itself (`--rm`) may be gone, or going, by now: look again.
            if attempt == _ATTEMPTS:
                raise


def processes(engine: Engine, run_id: str) -> list[int]:
    """The first process of each running container of a run, as the engine's machine counts them.

    Raises:
        EngineError: the engine is gone.
        CommandFailed: it doesn't say.
    """
    running = engine.run("ps", "--quiet", "--filter", f"label={RUN_LABEL}={run_id}").split()
    if not running:
        return []
    return list(map(int, engine.run("inspect", "--format", "{{.State.Pid}}", *running).split()))


def clean(engine: Engine) -> list[str]:
    """Remove what runs have left whose harness lives no more; never another's.

    Returns:
        The ids of the runs that were removed.
    """
    left = {run_id for run_id, harness in runs(engine).items() if _is_dead(harness)}
    for run_id in sorted(left):
        remove_run(engine, run_id)
    return sorted(left)


def remove_superseded(engine: Engine) -> None:
    """Remove the project's images that lost their name to a newer one; not while another's run may need them.

    Raises:
        EngineError: the engine is gone.
    """
    if all(_is_dead(harness) for harness in set(runs(engine).values()) - {_this_harness()}):
        # What a container has stays. Several may do this at once; what they leave, the next build removes.
        with suppress(process.CommandFailed):
            engine.run("image", "prune", "--force", "--filter", f"label={_IMAGE_LABEL}", timeout_s=_REMOVE_S)


def runs(engine: Engine) -> Mapping[str, str]:
    """Id of each run that has anything -> its harness."""
    template = f'{{{{.Label "{RUN_LABEL}"}}}} {{{{.Label "{HARNESS_LABEL}"}}}}'
    harnesses = {}
    for kind, everything in (("container", ["--all"]), ("network", [])):
        output = engine.run(kind, "ls", *everything, "--filter", f"label={RUN_LABEL}", "--format", template)
        for line in output.splitlines():
            run_id, _, harness = line.partition(" ")
            harnesses[run_id] = harness
    images = engine.run("image", "ls", "--quiet", "--filter", f"label={RUN_LABEL}").split()
    if images:
        wanted = (f'{{{{index .Config.Labels "{label}"}}}}' for label in (RUN_LABEL, HARNESS_LABEL))
        # One that its own harness removes meanwhile is no reason to end.
        with suppress(process.CommandFailed):
            for line in engine.run("image", "inspect", "--format", " ".join(wanted), *images).splitlines():
                run_id, _, harness = line.partition(" ")
                harnesses[run_id] = harness
    for name in _named(engine, "*.*.*.*"):
        run_id, on, pid, born = name.rpartition(":")[2].split(".")
        here = on == _digest_of_machine()
        harnesses[run_id] = f"{_this_machine() if here else on}/{pid}/{born}"
    return harnesses


def _named(engine: Engine, tags: str) -> list[str]:
    """The names of images whose tags are runs' own."""
    shown = ("--filter", f"reference=wsgi-bench/*:{tags}", "--format", "{{.Repository}}:{{.Tag}}")
    return engine.run("image", "ls", *shown).split()


def _list(engine: Engine, kind: str, run_id: str) -> list[str]:
    everything = ["--all"] if kind == "container" else []
    ids = engine.run(kind, "ls", *everything, "--quiet", "--filter", f"label={RUN_LABEL}={run_id}").split()
    # One image may have several names.
    return list(dict.fromkeys(ids))


def _this_machine() -> str:
    """By name and number: several that use an engine may have one name, and see only their own processes."""
    return f"{socket.gethostname()}:{machine() or ''}"


def _this_harness() -> str:
    return f"{_this_machine()}/{os.getpid()}/{birth(os.getpid())}"


def _digest_of_machine() -> str:
    return hashlib.sha256(_this_machine().encode()).hexdigest()[:8]


def _is_dead(harness: str) -> bool:
    """Whether a harness ran on this host and doesn't any more."""
    parts = harness.split("/")
    if len(parts) != 3 or parts[0] != _this_machine() or not parts[1].isdecimal():
        return False
    return birth(int(parts[1])) != parts[2]
