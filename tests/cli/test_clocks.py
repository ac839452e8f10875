"""A run whose wall clock is set while it goes on: no duration may come from it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.conftest import RATE, environment, measured, wsgi_bench

# Python imports it at the start of each process: harness, driver and servers.
STEPPED = """
import itertools, sys, time

HOUR_NS = 3600 * 10**9
# On in the driver and back everywhere else, so that no two processes agree by chance.
sign = 1 if "bench.load.driver" in sys.orig_argv else -1
steps = itertools.count(sign * HOUR_NS, sign * HOUR_NS)
whole, chosen = time.time_ns, time.clock_gettime_ns

def time_ns():
    return whole() + next(steps)

def clock_gettime_ns(clock):
    return chosen(clock) + (next(steps) if clock == time.CLOCK_REALTIME else 0)

time.time_ns, time.time = time_ns, lambda: time_ns() / 1e9
time.clock_gettime_ns, time.clock_gettime = clock_gettime_ns, lambda clock: clock_gettime_ns(clock) / 1e9
"""
LONGEST_S = 240.0


@pytest.mark.parametrize(
    "runtime", ["local", pytest.param("compose", marks=[pytest.mark.containers, pytest.mark.slow])]
)
def test_a_clock_that_is_set_by_an_hour_each_time_it_is_read_changes_no_figure(
    runtime: str, tmp_path: Path
) -> None:
    """In containers that of the harness, which reads what the engine notes by the machine's own."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STEPPED)
    out = tmp_path / "out"
    said = wsgi_bench(
        *(
            "run",
            "--profile",
            "smoke",
            "--runtime",
            runtime,
            "--app",
            "hello",
            "--servers",
            "wsgiref,waitress",
        ),
        *("--rate", RATE, "--blocks", "1", "--out", out),
        env=environment(PYTHONPATH=str(folder)),
    )
    suite = measured(said, out)
    assert {record.deployment for record in suite.deployments} == {d.name for d in suite.plan.deployments}
    for record in suite.deployments:
        assert record.start_s is not None
        assert 0 < record.start_s < LONGEST_S
    for trial in suite.trials:
        assert 0 < trial.duration_s < LONGEST_S
        assert trial.mean_s is not None
        assert 0 < trial.mean_s < LONGEST_S
        assert trial.cpu_s is not None
        assert 0 <= trial.cpu_s < LONGEST_S
        assert 0 <= trial.generator_cpu < LONGEST_S
    began = [trial.at_s for trial in suite.trials]
    assert all(0 < one < next_ < LONGEST_S for one, next_ in pairwise(began))
    assert wsgi_bench("report", out).code == 0
