"""One run from start to end: directory, runtime, driver, loop, result, reports."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.analysis.measured import counting
from bench.ask.targets import measured_twice
from bench.catalogue.consent import Addresses
from bench.catalogue.versions import Checkout, checked_out
from bench.deploy import Runtime
from bench.deploy.external import find_addresses, urls
from bench.deploy.local import LocalRuntime
from bench.deploy.select import open_runtime
from bench.doctor import notes, read_facts
from bench.doctor.needs import provide
from bench.doctor.others import Others
from bench.live.progress import Reporter
from bench.load.client import LoadDriver
from bench.machine.environment import describe, require_cpus, split_cpus
from bench.machine.interrupt import shield
from bench.model import Analysis, Calibration, CpuSplit, Environment, Plan, Suite
from bench.model.errors import Interrupted
from bench.model.finding import exit_code
from bench.report.index import write_index
from bench.report.units import count, listed
from bench.run.calibrate import NULL_DEPLOYMENT, calibrate
from bench.run.identity import identify, require_same
from bench.run.results import RESULTS, new_id, write_reports
from bench.run.runner import Runner
from bench.store import SCHEMA_VERSION, Writer

CALIBRATION_BLOCKS = 10


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
) -> Outcome:
    """Measure a new plan.

    Args:
        addresses: of servers that run already, by name, as `look_up` has checked them.

    Raises:
        Interrupted: by a signal.
        BenchError: something else ended the run. What was measured is saved in either case, and a
            report of it written.
    """
    provide(plan, read_facts(root / RESULTS, quick=True))
    with checked_out(plan.against, root) as old:
        return _measure(plan, root, directory, reporter, old, addresses or {})


def _measure(
    plan: Plan,
    root: Path,
    directory: Path,
    reporter: Reporter,
    old: Checkout | None,
    addresses: Mapping[str, Addresses],
) -> Outcome:
    started = datetime.now(UTC)
    cpus = split_cpus()
    twice = measured_twice(urls(plan), addresses)
    for sentence in twice:
        reporter.phase(sentence)
    runtime = _open(plan, root, directory, cpus, reporter, old, addresses)
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
                *notes(read_facts(root / RESULTS, quick=True), deploys=plan.runtime != "external"),
                *twice,
            ),
            measured=identify(plan, root, os.environ, old),
        ),
        plan=plan,
        calibration=None,
        trials=(),
        deployments=(),
        failures=(),
    )
    with Writer.create(directory, suite, analyse) as writer:
        return _saved(writer, suite, runtime, root, reporter, time.monotonic_ns())


def resume(directory: Path, root: Path, reporter: Reporter, *, beyond: bool = False) -> Outcome:
    """Go on with an interrupted run; see `measure`.

    Args:
        beyond: whether its targets may be other machines. Who began the run said so for themselves alone.
    """
    with ExitStack() as stack:
        opened: list[Runtime] = []

        def check(suite: Suite) -> None:
            cpus = suite.environment.cpu_split
            provide(suite.plan, read_facts(root / RESULTS, quick=True))
            require_cpus(cpus, directory)
            addresses = find_addresses(suite.plan, beyond=beyond)
            old = stack.enter_context(checked_out(suite.plan.against, root))
            opened.append(_open(suite.plan, root, directory, cpus, reporter, old, addresses))
            require_same(directory, suite.environment, _now(suite, root, opened[0], old))

        writer, suite = Writer.resume(directory, analyse, check)
        stack.enter_context(writer)
        reporter.phase(f"continuing {directory}, which has {count(len(suite.trials), 'trial')}")
        last = max((trial.at_s + trial.duration_s for trial in suite.trials), default=0.0)
        writer.append(gap={"reason": "resumed", "at": datetime.now(UTC).isoformat(timespec="seconds")})
        return _saved(writer, suite, opened[0], root, reporter, time.monotonic_ns() - int(last * 1e9))


def _now(suite: Suite, root: Path, runtime: Runtime, old: Checkout | None) -> Environment:
    """What a run that goes on would be measured with."""
    return describe(
        runtime=suite.plan.runtime,
        docker=runtime.docker,
        versions=runtime.versions,
        images={},
        cpu_split=suite.environment.cpu_split,
        notes=(),
        measured=identify(suite.plan, root, os.environ, old),
    )


def _saved(
    writer: Writer, suite: Suite, runtime: Runtime, root: Path, reporter: Reporter, epoch_ns: int
) -> Outcome:
    """Work, and whatever happens write the result and its reports."""
    ended = complete = False
    unmeasured: list[int] = []
    try:
        unmeasured = _work(writer, suite, runtime, root, reporter, epoch_ns)
        ended, complete = True, not unmeasured
    except Interrupted as error:
        raise Interrupted(
            f"{error}. What was measured is saved; `wsgi-bench resume {writer.directory}` continues it."
        ) from error
    finally:
        try:
            with shield():
                finished = datetime.now(UTC).isoformat(timespec="seconds") if ended else None
                suite = writer.finish(complete=complete, finished=finished)
                analysis = write_reports(suite, writer.directory)
                if writer.directory.parent == root / RESULTS:
                    write_index(root / RESULTS)
        except Interrupted as error:
            if not ended:
                raise
            raise Interrupted(
                f"{error} after all was measured; the report is {writer.directory / 'report.html'}."
            ) from error
    if unmeasured:
        reporter.problem(_nothing_in(unmeasured, suite.plan.rounds, writer.directory))
    return Outcome(writer.directory, suite, analysis, exit_code(findings_of(suite, analysis)))


def _work(
    writer: Writer, suite: Suite, unopened: Runtime, root: Path, reporter: Reporter, epoch_ns: int
) -> list[int]:
    """Measure; return the rounds in which nothing could be."""
    plan, cpus = suite.plan, suite.environment.cpu_split
    _stay_on(cpus)
    with unopened as runtime:
        started = replace(
            suite.environment,
            docker=runtime.docker,
            images=runtime.images,
            versions={**suite.environment.versions, **runtime.versions},
        )
        if suite.trials:
            require_same(writer.directory, suite.environment, started)
        writer.append(environment=started)
        command, environment = runtime.driver_command(
            ("--processes", str(plan.processes), "--client", plan.client)
        )
        logs = writer.directory / "logs"
        logs.mkdir(exist_ok=True)
        with LoadDriver(command, environment, root, cpus.generator, logs / "driver.log") as driver:
            if suite.calibration is None:
                reporter.phase("calibrating the load generator")
                _calibrated(plan, cpus, runtime, driver, root, writer, epoch_ns)
            runner = Runner(
                plan,
                runtime,
                driver,
                writer,
                reporter,
                saved=suite.trials,
                counts=counting(suite),
                learned=suite.learned,
                others=lambda: Others().since,
                epoch_ns=epoch_ns,
            )
            runner.run()
            return runner.unmeasured


def _nothing_in(rounds: list[int], planned: int, directory: Path) -> str:
    """That a run isn't complete, and how it can become so."""
    which = f" in round{'s' * (len(rounds) > 1)} {listed([str(number) for number in rounds])} of {planned}"
    return (
        f"The run isn't complete: nothing was measured{which if planned > 1 else ''}, since every deployment "
        f"had failed. Once the cause is mended, `wsgi-bench resume {directory}` continues it."
    )


def _open(
    plan: Plan,
    root: Path,
    directory: Path,
    cpus: CpuSplit,
    reporter: Reporter,
    old: Checkout | None,
    addresses: Mapping[str, Addresses],
) -> Runtime:
    """The runtime that a plan names, not entered yet, with the null server among what it can start."""
    deployments = plan.deployments
    if plan.runtime != "external":
        deployments = (*deployments, NULL_DEPLOYMENT)
    return open_runtime(plan.runtime, deployments, root, directory, cpus, reporter.phase, old, addresses)


def _calibrated(
    plan: Plan,
    cpus: CpuSplit,
    runtime: Runtime,
    driver: LoadDriver,
    root: Path,
    writer: Writer,
    epoch_ns: int,
) -> None:
    """Measure the generator's ceiling where the load comes from, and save it."""
    with ExitStack() as stack:
        if plan.runtime == "external":
            # Not split anew: the harness has kept itself to the generator's CPUs by now.
            local = LocalRuntime(writer.directory, cpus, (NULL_DEPLOYMENT,), root=root)
            runtime = stack.enter_context(local)
        blocks = min(CALIBRATION_BLOCKS, plan.blocks)
        writer.append(
            calibration=calibrate(runtime, driver, blocks=blocks, seed=plan.seed, epoch_ns=epoch_ns)
        )


def ceiling(root: Path) -> Calibration:
    """Measure the generator's own ceiling alone, with child processes."""
    cpus = split_cpus()
    _stay_on(cpus)
    with TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with LocalRuntime(directory, cpus, (NULL_DEPLOYMENT,), root=root) as runtime:
            command, environment = runtime.driver_command(())
            with LoadDriver(command, environment, root, cpus.generator, directory / "driver.log") as driver:
                return calibrate(
                    runtime, driver, blocks=CALIBRATION_BLOCKS, seed=0, epoch_ns=time.monotonic_ns()
                )


def _stay_on(cpus: CpuSplit) -> None:
    """Keep the harness itself off the server's CPUs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus.generator)
