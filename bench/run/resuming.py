"""A stored run is made ready to go on: everything is looked at before anything of its result is changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.catalogue.consent import Addresses
from bench.catalogue.home import results_folder
from bench.catalogue.versions import Checkouts, checked_out
from bench.deploy import Runtime
from bench.deploy.external import find_addresses
from bench.deploy.outside import Outside
from bench.deploy.select import place_of
from bench.doctor import read_facts
from bench.doctor.needs import provide
from bench.live.progress import Reporter
from bench.machine.environment import describe, require_cpus, split_cpus, stay_on
from bench.machine.place import HERE, Place
from bench.model import CpuSplit, Environment, Plan, Suite
from bench.plan.workers import usable
from bench.run.driverstart import DriverStart, driver_start
from bench.run.identity import identify, require_same, with_started
from bench.run.named_again import Named
from bench.run.stored_plan import generators_again, locust_arguments, old_version, taken_anew

Open = Callable[[Plan, Checkouts, Path, CpuSplit, Reporter, Mapping[str, Addresses], Outside, Place], Runtime]


@dataclass(frozen=True)
class Ready:
    """What a run goes on with.

    Attributes:
        plan: the stored one, with deployments of this checkout.
        runtime: entered already; whoever enters it leaves it, too.
        driver: what starts the load driver, beside what the plan gives.
    """

    plan: Plan
    runtime: AbstractContextManager[Runtime]
    driver: DriverStart


def made_ready(
    suite: Suite,
    directory: Path,
    root: Path,
    named: Named,
    reporter: Reporter,
    open_runtime: Open,
    stack: ExitStack,
) -> Ready:
    """See that the run measures what it measured, and start what all rounds share.

    Args:
        open_runtime: makes the plan's runtime.
        stack: ends what was started.

    Raises:
        UsageError: another machine, other code, versions or images, or what only the result names.
    """
    if suite.plan.runtime != "compose":
        require_cpus(suite.environment.cpu_split, directory, HERE)
    addresses = find_addresses(suite.plan, beyond=named.beyond)
    against = old_version(directory, suite.plan, root, named)
    arguments = locust_arguments(directory, suite.plan, named)
    generators = generators_again(directory, suite.plan, named)
    checkouts = stack.enter_context(checked_out([against] if against else [], root))
    cpus = usable(suite.environment.cpu_split, suite.plan.limits)
    plan = taken_anew(directory, suite.plan, root, os.environ, named, checkouts, cpus)
    if generators is not None:
        plan = replace(plan, generators=generators.of_plan)
    # Not before it is known that it may go on: an engine's machine is read through a container on it.
    place = stack.enter_context(place_of(plan.runtime, root, reporter.phase))
    if place is not HERE:
        require_cpus(suite.environment.cpu_split, directory, place)
    provide(plan, read_facts(results_folder(root), quick=True, place=place))
    runtime = open_runtime(
        plan, checkouts, directory, suite.environment.cpu_split, reporter, addresses, named.outside, place
    )
    require_same(directory, suite.environment, _now(plan, checkouts, runtime))
    opened = stack.enter_context(ExitStack())
    stay_on(suite.environment.cpu_split, place)
    opened.enter_context(runtime)
    # Images, and what is in them, are known only now.
    require_same(directory, suite.environment, with_started(suite.environment, runtime))
    return Ready(plan, _entered(opened, runtime), driver_start(arguments, generators))


@contextmanager
def _entered(opened: ExitStack, runtime: Runtime) -> Iterator[Runtime]:
    with opened:
        yield runtime


def _now(plan: Plan, checkouts: Checkouts, runtime: Runtime) -> Environment:
    """What would be measured with, as far as is known before anything is started."""
    return describe(
        runtime=plan.runtime,
        docker=runtime.docker,
        versions=runtime.versions,
        images={},
        cpu_split=split_cpus(runtime.place, server=plan.server_cpus, elsewhere=plan.generators is not None),
        notes=(),
        measured=identify(plan, checkouts, os.environ),
        place=runtime.place,
    )
