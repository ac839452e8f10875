"""The load generator's own ceiling, measured against a server that answers with prebuilt bytes.

They are like the answers of the applications that the run is about: as long, and as different each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bench.catalogue.versions import this_checkout
from bench.deploy import Runtime
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.machine.environment import split_cpus, stay_on
from bench.machine.place import HERE
from bench.model import (
    App,
    Calibration,
    Case,
    Ceiling,
    Closed,
    CpuSplit,
    Deployment,
    Learned,
    Plan,
    Sample,
    Server,
    Target,
    Trial,
    TrialLength,
)
from bench.model.errors import MachineError
from bench.model.shortage import OWN_KINDS, sentence
from bench.plan.blocks import block_orders
from bench.run.fleet import Fleet

Page = tuple[str, str]
"""An app and a scenario."""

NULL_SERVER = Server(
    name="null",
    title="prebuilt bytes",
    command=("python", "servers/null/serve.py"),
    environment={},
    workers=1,
    threads=1,
    keep_alive=True,
    concurrency="1 process, 1 thread",
    default=False,
    docs="",
    package="",
    stop_signal="SIGKILL",
    stop_grace_s=5.0,
)
NULL_DEPLOYMENT = Deployment(
    name="null",
    server=NULL_SERVER,
    app=App("null", "apps.hello.wsgi:application", ("hello",), redis=False, seed=()),
    database=0,
)
_BLOCKS, _FEWEST_BLOCKS = 10, 3
_TRIAL_S = 0.1
_OF_LOCUST = 3, 0.5
"""Blocks, and seconds of a trial: for each locust imports its file anew, so that nothing has to warm up."""
_SCENARIO = "get"
_LOADS = {
    "keep-alive": Closed(16),
    "close": Closed(16, connection="close"),
    "floor": Closed(1),
}


def startable(plan: Plan) -> tuple[Deployment, ...]:
    """What the runtime of a plan may be asked to start: the null server, too, if it starts anything."""
    return plan.deployments if plan.runtime == "external" else (*plan.deployments, NULL_DEPLOYMENT)


def null_runtime(directory: Path, cpus: CpuSplit, root: Path, address: str = "") -> LocalRuntime:
    """A runtime for the null server alone, not entered yet.

    Args:
        address: on which that listens, if other hosts ask it.
    """
    return LocalRuntime(directory, cpus, (NULL_DEPLOYMENT,), checkouts=this_checkout(root), address=address)


def calibrate_run(
    plan: Plan,
    cpus: CpuSplit,
    runtime: Runtime,
    driver: LoadDriver,
    root: Path,
    directory: Path,
    epoch_ns: int,
    samples: Mapping[Page, Sample],
) -> Calibration:
    """Measure the ceiling of a run's own driver, where the run's load comes from.

    Args:
        directory: the run's own.
        samples: what the applications' answers are like.
    """
    with ExitStack() as stack:
        if plan.runtime == "external":
            # Not split anew: the harness has kept itself to the generator's CPUs by now.
            address = plan.generators.host if plan.generators else ""
            local = null_runtime(directory, cpus, root, address)
            runtime = stack.enter_context(local)
        if plan.locust is not None:
            blocks, length_s = _OF_LOCUST
            samples = {}
        else:
            most = min(_BLOCKS, plan.blocks)
            blocks, length_s = max(min(_FEWEST_BLOCKS, most), most // max(1, len(samples))), _TRIAL_S
        if not plan.claims:
            blocks, length_s = 1, length_s / 2
        return calibrate(
            runtime,
            driver,
            samples,
            blocks=blocks,
            length_s=length_s,
            warms_up=plan.claims and plan.locust is None,
            processes=min(plan.generators.number, len(cpus.server)) if plan.generators else 1,
            seed=plan.seed,
            epoch_ns=epoch_ns,
        )


def ceiling(root: Path) -> Calibration:
    """Measure the generator's own ceiling alone, with child processes."""
    cpus = split_cpus()
    stay_on(cpus)
    with TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with null_runtime(directory, cpus, root) as runtime:
            command, environment = runtime.driver_command(())
            with LoadDriver(command, environment, root, cpus.generator, directory / "driver.log") as driver:
                return calibrate(runtime, driver, {}, blocks=_BLOCKS, seed=0, epoch_ns=HERE.clock.now_ns())


def calibrate(
    runtime: Runtime,
    driver: LoadDriver,
    samples: Mapping[Page, Sample],
    *,
    blocks: int,
    seed: int,
    epoch_ns: int,
    length_s: float = _TRIAL_S,
    processes: int = 1,
    warms_up: bool = True,
) -> Calibration:
    """Measure the ceiling on kept connections, with a connection each, and the latency floor.

    Args:
        samples: what answers are to be like; without any they are the 13 bytes of the scenario `hello`.
        blocks: trials of each kind.
        length_s: of each.
        processes: of the null server, which is to do more than all generators together.
        warms_up: whether a first trial of each kind doesn't count.

    Raises:
        MachineError: the null server can't be started.
    """
    kinds: list[tuple[Page, Sample | None]] = [*samples.items()] or [(("", ""), None)]
    deployments = tuple(replace(NULL_DEPLOYMENT, name=f"null-{number}") for number in range(len(kinds)))
    asked = [_SCENARIO if like else "hello" for _, like in kinds]
    cases = tuple(
        Case(f"{deployment.name}/{load}", "null", "null", scenario, deployment.name, _LOADS[load])
        for deployment, scenario in zip(deployments, asked, strict=True)
        for load in _LOADS
    )
    plan = Plan(
        profile="calibrate",
        runtime=runtime.name,
        seed=seed,
        rounds=1,
        blocks=blocks,
        open_blocks=0,
        trial_s=TrialLength(length_s, length_s),
        warmup_s=0.1,
        users=16,
        rate=None,
        claims=False,
        deployments=deployments,
        cases=cases,
        expected_s=0.0,
    )
    trials: dict[str, list[Trial]] = {case.id: [] for case in cases}
    with Fleet(runtime, driver, 0) as fleet:
        fleet.start([(_null(processes), ("hello",))])
        for failure in fleet.failures:
            raise MachineError(
                f"the load generator can't be calibrated: {failure.reason}\n" + "\n".join(failure.log)
            )
        (started,) = fleet.targets()
        targets = [
            replace(started, deployment=d.name) if like is None else _target(started, d.name, like)
            for d, (_, like) in zip(deployments, kinds, strict=True)
        ]
        driver.set_targets(targets, runtime.store_address())
        for block in range(-1 if warms_up else 0, blocks):
            for trial in driver.block(block_orders(plan, cases, 0, block, epoch_ns)):
                for kind in OWN_KINDS:
                    if kind in trial.errors:
                        raise MachineError(f"the load generator can't be calibrated: {sentence(kind)}")
                if block >= 0:
                    trials[trial.case].append(trial)
    if not all(any(trial.answers for trial in of_it) for of_it in trials.values()):
        raise MachineError("the load generator can't be calibrated: the null server answered nothing rightly")
    first, *others = (
        Ceiling(
            keep_alive_rps=_rate(trials[f"{deployment.name}/keep-alive"]),
            close_rps=_rate(trials[f"{deployment.name}/close"]),
            latency_floor_s=median(trial.mean_s or 0.0 for trial in trials[f"{deployment.name}/floor"]),
            app=app,
            scenario=scenario,
            sample=like,
        )
        for deployment, ((app, scenario), like) in zip(deployments, kinds, strict=True)
    )
    return Calibration(**vars(first), others=tuple(others))


def _null(processes: int) -> Deployment:
    if processes == 1:
        return NULL_DEPLOYMENT
    return replace(NULL_DEPLOYMENT, server=replace(NULL_SERVER, environment={"PROCESSES": str(processes)}))


def _target(null: Target, name: str, like: Sample) -> Target:
    """The null server by a name that says what it is to answer, which is held to that (`servers/null`)."""
    address = urlsplit(null.url)
    differing = "differing" if like.differing else "equal"
    learned = Learned(
        deployment=name,
        scenario=_SCENARIO,
        endpoint=_SCENARIO,
        request="GET /",
        probes=1,
        status=200,
        media_type="text/html",
        location=None,
        shortest=like.body_bytes,
        longest=like.body_bytes,
    )
    return replace(
        null,
        deployment=name,
        url=f"http://{like.head_bytes}-{like.body_bytes}-{differing}:{address.port}",
        addresses=(address.hostname or "",),
        learned=(learned,),
    )


def _rate(trials: list[Trial]) -> float:
    return median(trial.answers / trial.duration_s if trial.duration_s else 0.0 for trial in trials)
