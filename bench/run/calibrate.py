"""The load generator's own ceiling, measured against a server that answers with prebuilt bytes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.catalogue.versions import this_checkout
from bench.deploy import Runtime
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.machine.environment import split_cpus, stay_on
from bench.machine.place import HERE
from bench.model import App, Calibration, Case, Closed, CpuSplit, Deployment, Plan, Server, Trial, TrialLength
from bench.model.errors import MachineError
from bench.model.shortage import OWN_KINDS, sentence
from bench.plan.blocks import block_orders
from bench.run.fleet import Fleet

NULL_SERVER = Server(
    name="null",
    title="prebuilt bytes",
    command=("python", "-m", "servers.null.serve"),
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
_BLOCKS = 10
_TRIAL_S = 0.1
_OF_LOCUST = 3, 0.5
"""Blocks, and seconds of a trial: for each locust imports its file anew."""
_LOADS = {
    "keep-alive": Closed(16),
    "close": Closed(16, connection="close"),
    "floor": Closed(1),
}


def startable(plan: Plan) -> tuple[Deployment, ...]:
    """What the runtime of a plan may be asked to start: the null server, too, if it starts anything."""
    return plan.deployments if plan.runtime == "external" else (*plan.deployments, NULL_DEPLOYMENT)


def null_runtime(directory: Path, cpus: CpuSplit, root: Path) -> LocalRuntime:
    """A runtime for the null server alone, not entered yet."""
    return LocalRuntime(directory, cpus, (NULL_DEPLOYMENT,), checkouts=this_checkout(root))


def calibrate_run(
    plan: Plan,
    cpus: CpuSplit,
    runtime: Runtime,
    driver: LoadDriver,
    root: Path,
    directory: Path,
    epoch_ns: int,
) -> Calibration:
    """Measure the ceiling of a run's own driver, where the run's load comes from.

    Args:
        directory: the run's own.
    """
    with ExitStack() as stack:
        if plan.runtime == "external":
            # Not split anew: the harness has kept itself to the generator's CPUs by now.
            local = null_runtime(directory, cpus, root)
            runtime = stack.enter_context(local)
        blocks, length_s = (min(_BLOCKS, plan.blocks), _TRIAL_S) if plan.locust is None else _OF_LOCUST
        return calibrate(runtime, driver, blocks=blocks, length_s=length_s, seed=plan.seed, epoch_ns=epoch_ns)


def ceiling(root: Path) -> Calibration:
    """Measure the generator's own ceiling alone, with child processes."""
    cpus = split_cpus()
    stay_on(cpus)
    with TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with null_runtime(directory, cpus, root) as runtime:
            command, environment = runtime.driver_command(())
            with LoadDriver(command, environment, root, cpus.generator, directory / "driver.log") as driver:
                return calibrate(runtime, driver, blocks=_BLOCKS, seed=0, epoch_ns=HERE.clock.now_ns())


def calibrate(
    runtime: Runtime,
    driver: LoadDriver,
    *,
    blocks: int,
    seed: int,
    epoch_ns: int,
    length_s: float = _TRIAL_S,
) -> Calibration:
    """Measure the ceiling on kept connections, with a connection each, and the latency floor.

    Args:
        blocks: trials of each kind.
        length_s: of each.

    Raises:
        MachineError: the null server can't be started.
    """
    cases = tuple(
        Case(name, "null", "null", "hello", NULL_DEPLOYMENT.name, load) for name, load in _LOADS.items()
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
        deployments=(NULL_DEPLOYMENT,),
        cases=cases,
        expected_s=0.0,
    )
    trials: dict[str, list[Trial]] = {name: [] for name in _LOADS}
    with Fleet(runtime, driver, 0) as fleet:
        fleet.start([(NULL_DEPLOYMENT, ("hello",))])
        for failure in fleet.failures:
            raise MachineError(
                f"the load generator can't be calibrated: {failure.reason}\n" + "\n".join(failure.log)
            )
        for block in range(-1, blocks):
            for trial in driver.block(block_orders(plan, cases, 0, block, epoch_ns)):
                for kind in OWN_KINDS:
                    if kind in trial.errors:
                        raise MachineError(f"the load generator can't be calibrated: {sentence(kind)}")
                if block >= 0:
                    trials[trial.case].append(trial)
    return Calibration(
        keep_alive_rps=_rate(trials["keep-alive"]),
        close_rps=_rate(trials["close"]),
        latency_floor_s=median(trial.mean_s or 0.0 for trial in trials["floor"]),
    )


def _rate(trials: list[Trial]) -> float:
    return median(trial.answers / trial.duration_s if trial.duration_s else 0.0 for trial in trials)
