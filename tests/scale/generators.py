"""What load generators reach by themselves on one CPU, by the number of their processes.

They ask the server that answers with prebuilt bytes, on a CPU of its own, as `wsgi-bench calibrate` has it.
The best of several trials counts: what else the machine does makes a ceiling lower, and never higher.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.load.client import LoadDriver
from bench.machine.environment import split_cpus, stay_on
from bench.machine.place import HERE
from bench.model import CpuSplit, Trial, TrialOrder
from bench.run.calibrate import calibrate, null_runtime

ROOT = Path(__file__).parents[2]
_PROCESSES = (1, 2)
_BLOCKS = 40


class Kept(LoadDriver):
    """A driver of which the trials are kept.

    Attributes:
        trials: those so far.
    """

    trials: tuple[Trial, ...] = ()

    def block(self, trials: Sequence[TrialOrder], ends_s: float | None = None) -> Iterator[Trial]:
        for trial in super().block(trials, ends_s):
            self.trials += (trial,)
            yield trial


def measured(processes: int, cpus: CpuSplit) -> tuple[Trial, ...]:
    """The trials of a calibration of so many generator processes, all on one CPU."""
    with TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with null_runtime(directory, cpus, ROOT) as runtime:
            command, environment = runtime.driver_command(("--processes", str(processes)))
            log = directory / "driver.log"
            with Kept(command, environment, ROOT, cpus.generator[:1], log) as driver:
                calibrate(runtime, driver, {}, blocks=_BLOCKS, seed=0, epoch_ns=HERE.clock.now_ns())
                return driver.trials


def main() -> None:
    # Before the harness keeps to the generator's CPUs, and may use no others.
    cpus = split_cpus()
    stay_on(cpus)
    print("processes  connections  requests a second  CPU a request")
    for processes in _PROCESSES:
        trials = measured(processes, cpus)
        for load in ("keep-alive", "close"):
            of_load = [trial for trial in trials if trial.case.endswith(f"/{load}") and trial.block >= 0]
            rate, busy = max((trial.answers / trial.duration_s, trial.generator_cpu) for trial in of_load)
            if processes > 1:
                # Of several the busiest is known alone; they have one CPU together.
                busy = 1.0
            print(f"{processes:9}  {load:11}  {rate:17,.0f}  {1e6 * busy / rate:10.1f} us")
