"""The harness's own driver against servers that a proof puts in front of it."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.ask.resolution import APPS_FILE, COMPOSE_FILE
from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.machine.environment import split_cpus
from bench.model import (
    TIMEOUT_S,
    CpuSplit,
    Deployment,
    Load,
    Server,
    Target,
    Trial,
    TrialOrder,
    UsageSource,
)
from bench.model.errors import MachineError
from bench.model.loads import open as open_load
from bench.model.loads.arrivals import poisson
from bench.run.fleet import Fleet
from proof.machine import ROOT, staying_on
from proof.planted.start import planted

USERS = 16


@dataclass(frozen=True)
class Stage:
    """A driver that runs, on the generator's CPUs as this process is."""

    driver: LoadDriver
    cpus: CpuSplit

    def trials(
        self, target: Target, load: Load, length_s: float, seeds: Sequence[str], scenario: str = "hello"
    ) -> list[Trial]:
        """One trial a seed, in one block. `Trial.at_s` is the monotonic clock's time."""
        orders = [
            TrialOrder(
                case=target.deployment,
                target=target.deployment,
                scenario=scenario,
                load=load,
                length_s=length_s,
                settle_s=open_load.settle_s(load.rate) if load.model == "open" else 0.0,
                round=1,
                block=0,
                order=number,
                seed=seed,
                database=None,
                epoch_ns=0,
            )
            for number, seed in enumerate(seeds)
        ]
        return list(self.driver.block(orders))

    @contextmanager
    def planted(self, kind: str, *, scenario: str = "hello", **options: Any) -> Iterator[Target]:
        """A server with a planted behaviour, on the server's CPUs. What `get` holds it to is asked for first.

        Raises:
            MachineError: it doesn't answer the scenario `get` at all.
        """
        with ExitStack() as stack:
            with staying_on(self.cpus.server):
                url = stack.enter_context(planted(kind, **options))
            target = Target(kind, url, UsageSource("none"))
            self.driver.set_targets([target], None)
            if scenario == "get":
                target = self._learned(target)
                self.driver.set_targets([target], None)
            yield target

    @contextmanager
    def pages(self, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Target]]:
        """Planted servers of pages that are up together, by name, with the options of each."""
        with ExitStack() as stack:
            with staying_on(self.cpus.server):
                urls = {name: stack.enter_context(planted("pages", **of_it)) for name, of_it in kinds.items()}
            targets = [Target(name, url, UsageSource("none")) for name, url in urls.items()]
            self.driver.set_targets(targets, None)
            targets = [self._learned(target) for target in targets]
            self.driver.set_targets(targets, None)
            yield {target.deployment: target for target in targets}

    def _learned(self, target: Target) -> Target:
        found = self.driver.probe(target.deployment, "get", None, TIMEOUT_S)
        if not found.right:
            raise MachineError(f"{target.deployment}: {found.detail}")
        return replace(target, learned=found.learned)

    @contextmanager
    def deployed(
        self, directory: Path, deployments: Sequence[Deployment], scenario: str = "hello"
    ) -> Iterator[Mapping[str, Target]]:
        """Servers as the local runtime starts them, by name; each must answer the scenario rightly.

        Raises:
            MachineError: one doesn't.
        """
        runtime = LocalRuntime(directory, self.cpus, deployments, checkouts=this_checkout(ROOT))
        with runtime, Fleet(runtime, self.driver, 1) as fleet:
            for seeded in [d for d in deployments if d.app.seed][:1]:
                runtime.seed(seeded)
            fleet.start((deployment, (scenario,)) for deployment in deployments)
            for failure in fleet.failures:
                raise MachineError(f"{failure.deployment}: {failure.reason}\n" + "\n".join(failure.log))
            yield {target.deployment: target for target in fleet.targets()}


@contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """Start a driver, pinned as in a run; its log goes into the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    cpus = split_cpus()
    argv, environment = LocalRuntime(directory, cpus, (), checkouts=this_checkout(ROOT)).driver_command(())
    with (
        staying_on(cpus.generator),
        LoadDriver(argv, environment, ROOT, cpus.generator, directory / "driver.log") as driver,
    ):
        yield Stage(driver, cpus)


def rate(trials: Sequence[Trial]) -> float:
    """Right answers a second over all of them."""
    return sum(trial.answers for trial in trials) / sum(trial.duration_s for trial in trials)


def due_in_window(rate: float, length_s: float, seed: str) -> list[int]:
    """When the driver has requests due that count: nanoseconds from when the window opens."""
    settle_ns, length_ns = round(open_load.settle_s(rate) * 1e9), round(length_s * 1e9)
    due = poisson(rate, settle_ns + length_ns, random.Random(seed).getrandbits(63))
    return [at - settle_ns for at in due[bisect_right(due, settle_ns) :]]


def default_servers() -> list[Server]:
    """The five that a run measures without being told."""
    return [server for server in load_servers(ROOT / COMPOSE_FILE).values() if server.default]


def flask_deployments(servers: Sequence[Server]) -> list[Deployment]:
    """Flask's hello behind each server.

    The bare one behind uWSGI is faster than wrk or the loop can open connections on one CPU, so it would show
    what they cost and not what the server can do.
    """
    app = load_apps(ROOT / APPS_FILE)["flask_hello"]
    return [Deployment(server.name, server, app, database=0) for server in servers]
