"""One run from start to end: directory, runtime, driver, loop, result, reports."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.analysis.measured import counting
from bench.ask.targets import measured_twice
from bench.catalogue.consent import Addresses
from bench.catalogue.home import results_folder
from bench.catalogue.versions import Checkouts, checked_out
from bench.deploy import Runtime
from bench.deploy.external import urls
from bench.deploy.outside import OF_THE_HARNESS, Outside
from bench.deploy.select import open_runtime
from bench.doctor import notes, read_facts
from bench.doctor.needs import provide
from bench.doctor.others import Others
from bench.live.progress import Reporter
from bench.load.client import LoadDriver
from bench.machine import priority
from bench.machine.awake import kept_awake, worth_keeping
from bench.machine.environment import describe, split_cpus, stay_on
from bench.machine.interrupt import shield
from bench.machine.place import HERE, Place
from bench.model import Analysis, Calibration, CpuSplit, Plan, Sample, Suite, Target
from bench.model.errors import Interrupted, MachineError
from bench.model.finding import exit_code
from bench.model.hostport import REDIS_PORT, host_and_port
from bench.report.units import count
from bench.run.calibrate import Page, calibrate_run, startable
from bench.run.driverstart import USUAL, DriverStart
from bench.run.first import FirstAnswers
from bench.run.generators import GeneratorsWatch
from bench.run.identity import identify, with_started
from bench.run.named_again import NOTHING, Named
from bench.run.own_cost import OwnCosts
from bench.run.results import new_id
from bench.run.resuming import Ready, made_ready
from bench.run.runner import Runner
from bench.run.saving import nothing_in, raise_told, require_written, save
from bench.run.storewatch import store_watched
from bench.store import SCHEMA_VERSION, Writer


@dataclass(frozen=True)
class Outcome:
    """What a run ended with."""

    directory: Path
    suite: Suite
    analysis: Analysis
    exit_code: int


def measure(
    plan: Plan,
    root: Path,
    directory: Path,
    reporter: Reporter,
    *,
    addresses: Mapping[str, Addresses] | None = None,
    driver: DriverStart = USUAL,
    outside: Outside = OF_THE_HARNESS,
    told: tuple[str, ...] = (),
    place: Place = HERE,
) -> Outcome:
    """Measure a new plan.

    Args:
        addresses: of servers that run already, by name, as `look_up` has checked them.
        driver: what starts the load driver, beside what the plan gives.
        outside: what applications find around them.
        told: what the user should know before figures come of it, for the report.
        place: where servers run, as `place_of` gives it.

    Raises:
        Interrupted: by a signal.
        BenchError: something else ended the run. What was measured is saved in either case, and a
            report of it written.
    """
    provide(plan, read_facts(results_folder(root), quick=True, place=place))
    with checked_out((d.variant.source for d in plan.deployments), root) as checkouts:
        return _measure(
            plan, root, directory, reporter, checkouts, addresses or {}, driver, outside, told, place
        )


def _measure(
    plan: Plan,
    root: Path,
    directory: Path,
    reporter: Reporter,
    checkouts: Checkouts,
    addresses: Mapping[str, Addresses],
    driver: DriverStart,
    outside: Outside,
    told: tuple[str, ...],
    place: Place,
) -> Outcome:
    started = datetime.now(UTC)
    cpus = split_cpus(place, server=plan.server_cpus, elsewhere=plan.generators is not None)
    twice = measured_twice(urls(plan), addresses)
    for sentence in twice:
        reporter.phase(sentence)
    runtime = _open(plan, checkouts, directory, cpus, reporter, addresses, outside, place)
    suite = Suite(
        schema_version=SCHEMA_VERSION,
        id=new_id(started),
        started=started.isoformat(timespec="seconds"),
        finished=None,
        complete=False,
        environment=describe(
            runtime=plan.runtime,
            docker=None,
            versions={},
            images={},
            cpu_split=cpus,
            notes=(
                *notes(
                    read_facts(results_folder(root), quick=True, place=place), plan.runtime, place.elsewhere
                ),
                *twice,
                *(f"{line}." for line in told),
            ),
            measured=identify(plan, checkouts, os.environ),
            place=place,
        ),
        plan=plan,
        calibration=None,
        trials=(),
        deployments=(),
        failures=(),
    )
    with Writer.create(directory, suite, analyse) as writer:
        return _saved(writer, suite, runtime, root, reporter, HERE.clock.now_ns(), driver)


def resume(directory: Path, root: Path, reporter: Reporter, named: Named = NOTHING) -> Outcome:
    """Go on with an interrupted run; see `measure`.

    Args:
        named: what the result names and no file of the checkout has, if the user names it, too.
    """
    with ExitStack() as stack:
        ready: list[Ready] = []

        def check(suite: Suite) -> None:
            ready.append(made_ready(suite, directory, root, named, reporter, _open, stack))

        try:
            writer, suite = Writer.resume(directory, analyse, check)
        except Interrupted as error:
            raise Interrupted(f"{error} before anything was measured; {directory} is as it was.") from error
        stack.enter_context(writer)
        suite = replace(suite, plan=ready[0].plan)
        reporter.phase(f"continuing {directory}, which has {count(len(suite.trials), 'trial')}")
        last = max((trial.at_s + trial.duration_s for trial in suite.trials), default=0.0)
        writer.append(gap={"reason": "resumed", "at": datetime.now(UTC).isoformat(timespec="seconds")})
        epoch_ns = HERE.clock.now_ns() - int(last * 1e9)
        return _saved(writer, suite, ready[0].runtime, root, reporter, epoch_ns, ready[0].driver)


def _saved(
    writer: Writer,
    suite: Suite,
    runtime: AbstractContextManager[Runtime],
    root: Path,
    reporter: Reporter,
    epoch_ns: int,
    driver: DriverStart = USUAL,
) -> Outcome:
    """Work, and whatever happens write the result and its reports."""
    unmeasured: list[int] = []
    broken_off: BaseException | None = None
    directory = writer.directory
    try:
        unmeasured = _work(writer, suite, runtime, root, reporter, epoch_ns, driver)
    except BaseException as error:
        broken_off = error
    ended = broken_off is None
    try:
        with shield():
            saved = save(writer, root, ended=ended, complete=ended and not unmeasured)
    except MachineError as error:
        if broken_off is not None:
            raise_told(broken_off, directory, error)
        raise
    except Interrupted as error:
        if broken_off is None:
            raise Interrupted(
                f"{error} after all was measured; the report is {writer.directory / 'report.html'}."
            ) from error
        raise
    if broken_off is not None:
        raise_told(broken_off, directory, saved)
    analysis = require_written(saved)
    if unmeasured:
        reporter.problem(nothing_in(unmeasured, saved))
    return Outcome(writer.directory, saved.suite, analysis, exit_code(findings_of(saved.suite, analysis)))


def _work(
    writer: Writer,
    suite: Suite,
    unopened: AbstractContextManager[Runtime],
    root: Path,
    reporter: Reporter,
    epoch_ns: int,
    started_by: DriverStart,
) -> list[int]:
    """Measure; return the rounds in which nothing could be."""
    plan, cpus = suite.plan, suite.environment.cpu_split
    with unopened as runtime, kept_awake(worth_keeping(plan, cpus, runtime.place)) as kept:
        own_cpus = stay_on(cpus, runtime.place)
        writer.append(environment=replace(with_started(suite.environment, runtime), kept_awake=kept))
        command, environment = runtime.driver_command(
            ("--processes", str(plan.processes), "--client", plan.client, *started_by.arguments)
        )
        logs = writer.directory / "logs"
        logs.mkdir(exist_ok=True)
        # In containers it is the engine's, not this process's child.
        preferred = plan.priority and plan.runtime == "local"
        first = priority.of("generator", cpus) if preferred else priority.NONE
        environment = {**environment, **started_by.variables}
        watch = GeneratorsWatch(plan, writer, reporter, suite.generators)
        log = logs / "driver.log"
        with LoadDriver(command, environment, root, own_cpus, log, first, watch.hear) as driver:
            driver.set_scenarios(plan.scenarios.values())

            def calibrate(samples: Mapping[Page, Sample], targets: Sequence[Target]) -> Calibration:
                reporter.phase("calibrating the load generator")
                measured = calibrate_run(
                    plan, cpus, runtime, driver, root, writer.directory, epoch_ns, samples
                )
                driver.set_targets(targets, runtime.store_address())
                return measured

            own = OwnCosts(suite, runtime, driver, writer, reporter.phase)
            own.of_servers(plan, epoch_ns)
            runner = Runner(
                plan,
                runtime,
                driver,
                writer,
                reporter,
                saved=suite.trials,
                counts=counting(suite),
                first=FirstAnswers(writer, suite.learned, None if suite.calibration else calibrate),
                others=partial(Others, runtime.place),
                after_round=own.of_application,
                epoch_ns=epoch_ns,
            )
            with store_watched(runtime):
                runner.run()
            return runner.unmeasured


def _open(
    plan: Plan,
    checkouts: Checkouts,
    directory: Path,
    cpus: CpuSplit,
    reporter: Reporter,
    addresses: Mapping[str, Addresses],
    outside: Outside = OF_THE_HARNESS,
    place: Place = HERE,
) -> Runtime:
    """The runtime that a plan names, not entered yet, with the null server among what it can start."""
    return open_runtime(
        plan.runtime,
        startable(plan),
        checkouts,
        directory,
        cpus,
        reporter.phase,
        addresses,
        preferred=plan.priority,
        outside=outside,
        limits=plan.limits,
        place=place,
        address=plan.generators.host if plan.generators else "",
        redis=host_and_port(plan.redis, REDIS_PORT) if plan.redis else None,
    )
