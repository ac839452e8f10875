"""Which runtime: containers where a Docker engine answers, child processes otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.catalogue.consent import Addresses
from bench.catalogue.versions import Checkouts
from bench.deploy import Runtime
from bench.deploy.compose import ComposeRuntime
from bench.deploy.engine import find_engine
from bench.deploy.enginehost import machine_of, told
from bench.deploy.external import ExternalRuntime
from bench.deploy.local import LocalRuntime
from bench.deploy.outside import OF_THE_HARNESS, Outside
from bench.machine.place import HERE, Place
from bench.model import CpuSplit, Deployment
from bench.model.errors import EngineError
from bench.model.surroundings import NO_LIMITS, Limits


def choose_runtime(asked: str, say: Callable[[str], None]) -> str:
    """Resolve "auto", and say what became of it; any other name is returned as it is."""
    if asked != "auto":
        return asked
    try:
        engine = find_engine()
    except EngineError as error:
        say(f"runtime local: {error}")
        return "local"
    say(
        f"runtime compose: Docker engine {engine.version} answers"
        + f" at {engine.endpoint}" * bool(engine.endpoint)
    )
    return "compose"


@contextmanager
def place_of(runtime: str, root: Path, say: Callable[[str], None], *, starts: bool = True) -> Iterator[Place]:
    """Where the servers of a runtime run, readable while the block lasts: this machine, or its engine's.

    Args:
        starts: whether anything may be started there; else only its CPUs are known.

    Raises:
        EngineError: it needs a Docker engine, and none answers that can be used.
    """
    if runtime != "compose":
        yield HERE
    elif starts:
        with machine_of(find_engine(), root, say) as place:
            yield place
    else:
        yield told(find_engine())


def open_runtime(
    name: str,
    deployments: Sequence[Deployment],
    checkouts: Checkouts,
    directory: Path,
    cpus: CpuSplit,
    say: Callable[[str], None],
    addresses: Mapping[str, Addresses] | None = None,
    *,
    preferred: bool = False,
    outside: Outside = OF_THE_HARNESS,
    limits: Limits = NO_LIMITS,
    place: Place = HERE,
    address: str = "",
    redis: tuple[str, int] | None = None,
) -> Runtime:
    """The runtime of that name; nothing is started before it is entered.

    Args:
        deployments: whatever it may be asked to start.
        checkouts: what deployments are of, by source.
        directory: the run's own.
        say: told what takes long, such as building images.
        addresses: of servers that run already, by name; see `ExternalRuntime`.
        preferred: whether what is started is to come before other programs.
        outside: what applications find around them.
        limits: of each server, as the user gave them.
        place: as `place_of` gives it.
        address: on which child processes listen; empty for this machine alone.
        redis: of another host, for child processes; None to start one.

    Raises:
        EngineError: it needs a Docker engine, and none answers.
        StoreError: it needs redis-server, and there is none.
    """
    if name == "external":
        return ExternalRuntime(directory, cpus, deployments, addresses or {})
    if name == "compose":
        engine = find_engine()
        return ComposeRuntime(
            directory,
            cpus,
            deployments,
            checkouts=checkouts,
            engine=engine,
            say=say,
            preferred=preferred,
            place=place,
            outside=outside,
            limits=limits,
        )
    return LocalRuntime(
        directory,
        cpus,
        deployments,
        checkouts=checkouts,
        preferred=preferred,
        outside=outside,
        limits=limits,
        address=address,
        redis=redis,
    )
