"""What other runs have left on this machine, and the Docker engine that they would use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import psutil

from bench.deploy.engine import Engine, find_engine
from bench.deploy.ownership import RUN_LABEL
from bench.doctor.sample import printable
from bench.model.errors import BenchError, EngineError

# What every server that the harness starts as a child process has in its environment.
_MARKS = frozenset({"APP", "BIND", "REDIS_DB"})
_DRIVER = "bench.load.driver"


@dataclass(frozen=True)
class Docker:
    """The Docker engine as it was found.

    Attributes:
        version: of the engine; None if none can be used, and `missing` says why.
        compose: version of Docker Compose.
        runs: ids of runs that have containers or networks, be they going on or left behind.
    """

    version: str | None
    compose: str = ""
    missing: str = ""
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Orphan:
    """A process of a run that lives no more."""

    name: str
    pid: int


def look_at_docker() -> Docker:
    """Ask the engine; its absence, or its death meanwhile, is an answer, too."""
    try:
        engine = find_engine()
        return Docker(
            version=engine.version,
            compose=engine.run_compose("version", "--short").strip(),
            runs=tuple(sorted(_runs(engine))),
        )
    except EngineError as error:
        # The first sentence says what is missing, the rest how to get it.
        return Docker(version=None, missing=re.split(r"(?<=[.?!]) ", str(error), maxsplit=1)[0])
    except BenchError as error:
        return Docker(version=None, missing=str(error).splitlines()[0])


def find_orphans() -> tuple[Orphan, ...]:
    """Servers and load drivers whose harness was killed.

    The harness starts each in a session of its own, whose first process the kernel kills with it
    (Linux): what is left belongs to a session whose leader is gone.
    """
    orphans = []
    for process in psutil.process_iter():
        try:
            leader = os.getsid(process.pid)
            # 0: its leader is in a PID namespace that isn't seen from here.
            if leader != 0 and not psutil.pid_exists(leader) and _is_ours(process):
                orphans.append(Orphan(printable(process.name()), process.pid))
        except (psutil.Error, OSError):
            continue
    return tuple(orphans)


def _is_ours(process: psutil.Process) -> bool:
    return _DRIVER in process.cmdline() or process.environ().keys() >= _MARKS


def _runs(engine: Engine) -> set[str]:
    template = f'{{{{.Label "{RUN_LABEL}"}}}}'
    containers = engine.run(
        "container", "ls", "--all", "--filter", f"label={RUN_LABEL}", "--format", template
    )
    networks = engine.run("network", "ls", "--filter", f"label={RUN_LABEL}", "--format", template)
    return {*containers.split(), *networks.split()}
