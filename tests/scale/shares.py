"""How many CPUs of a server one CPU of the load generator keeps busy, from results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.analysis.checks.generator import MAX_GENERATOR_CPU
from bench.store import load


def main(results: Iterable[Path]) -> None:
    for result in results:
        suite = load(result)
        if (alone := suite.calibration) is not None:
            kept, new = alone.keep_alive_rps, alone.close_rps
            print(f"generator alone: {kept:,.0f} a second on kept connections, {new:,.0f} on new ones")
        print("case                                    server, us  generator, us  ratio  CPUs kept busy")
        for case in suite.plan.cases:
            trials = [
                trial
                for trial in suite.trials
                if trial.case == case.id and trial.cpu_s is not None and case.load.waits
            ]
            answers = sum(trial.answers for trial in trials)
            if not answers:
                continue
            server_s = sum(trial.cpu_s or 0.0 for trial in trials) / answers
            generator_s = sum(trial.generator_cpu * trial.duration_s for trial in trials) / answers
            ratio = server_s / generator_s
            print(
                f"{case.id:38}  {server_s * 1e6:10.0f}  {generator_s * 1e6:13.0f}  {ratio:5.1f}  "
                f"{MAX_GENERATOR_CPU * ratio:14.1f}"
            )
