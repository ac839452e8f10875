"""Every figure that there is: throughput, CPU a request, response times, memory, start.

To add one, define it and put it into `OF_A_CASE` or `OF_A_DEPLOYMENT`. Reports in every format, comparisons
and limits find it there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median
from typing import Any

from bench.analysis.figure import LATENCY, Figure, Records, Unit, of_deployment, quantile, rate, tail_quantile
from bench.analysis.measured import Measured
from bench.model import Loop

MILLISECONDS, MEGABYTES = Unit("ms", times=1e3), Unit("MB", over=1e6)
_TOO_FEW = "too few samples for a {}, which takes 100 beyond it and two rounds"
_FEW_A_BLOCK = "too few samples for a {}, which takes 100 beyond it, {} requests a trial and six rounds"

THROUGHPUT = Figure(
    read=rate(lambda one: one.rates),
    key="throughput_rps",
    name="throughput",
    label="throughput",
    heading="Requests",
    unit=Unit("a second"),
    more_is_better=True,
    loop="closed",
    missing="no two rounds with right answers",
    words=("faster", "slower"),
    tables=("closed", "open"),
    ranks=1,
    bencher="throughput",
)
COST = Figure(
    read=rate(lambda one: one.costs),
    key="cpu_s_per_request",
    name="cpu",
    label="CPU",
    heading="CPU",
    unit=Unit("ms a request", times=1e3),
    more_is_better=False,
    loop="closed",
    missing="the server's CPU time could not be read in two rounds",
    words_of_servers=("cheaper", "dearer"),
    said_of_servers="CPU a request",
    tables=("closed", "open"),
    bencher="cpu-per-request",
)
P50 = Figure(
    read=quantile(0.5),
    key="p50",
    name="p50",
    label="p50",
    heading="p50",
    unit=MILLISECONDS,
    more_is_better=False,
    loop="open",
    missing=_TOO_FEW.format("p50"),
    words=("faster", "slower"),
    within=LATENCY,
    tables=("closed", "open"),
    ranks=3,
    bencher="latency-p50",
)
P99 = replace(
    P50,
    read=tail_quantile(0.99),
    key="p99",
    name="p99",
    label="p99",
    heading="p99",
    missing=_FEW_A_BLOCK.format("p99", 500),
    ranks=1,
    bencher="latency-p99",
)
P95 = replace(
    P99,
    read=tail_quantile(0.95),
    key="p95",
    name="p95",
    label="p95",
    heading="p95",
    instead_of=P99.name,
    missing=_FEW_A_BLOCK.format("p95", 100),
    tables=("open",),
    ranks=2,
    bencher="",
)
_SHOWN = replace(P50, name="", missing="", tables=("open",), ranks=0, bencher="")
P90 = replace(_SHOWN, read=quantile(0.9), key="p90", label="p90", heading="p90", wide=True)
P999 = replace(_SHOWN, read=quantile(0.999), key="p999", label="p99.9", heading="p99.9", wide=True)
LONGEST = replace(_SHOWN, read=quantile(1), key="max", label="longest", heading="Longest", wide=True)
IDLE_MEMORY = Figure(
    read=of_deployment(lambda record: record.memory_idle_bytes, lambda values: int(median(values))),
    key="memory_idle_bytes",
    label="idle memory",
    heading="Idle memory",
    unit=MEGABYTES,
    more_is_better=False,
    loop="closed",
)
MEMORY = Figure(
    read=of_deployment(lambda record: record.memory_peak_bytes, max),
    key="memory_peak_bytes",
    name="memory",
    label="peak memory",
    heading="Peak memory",
    unit=MEGABYTES,
    more_is_better=False,
    loop="closed",
    missing="memory could not be read in two rounds",
    tables=("closed",),
    bencher="memory-peak",
)
START = Figure(
    read=of_deployment(lambda record: record.start_s, median),
    key="start_s",
    name="start",
    label="start",
    heading="Start",
    unit=Unit("s"),
    more_is_better=False,
    loop="closed",
    missing="no two starts were timed",
    words=("faster", "slower"),
    tables=("closed",),
    wide=True,
)

OF_A_CASE: list[Figure[Measured]] = [THROUGHPUT, P50, P90, P95, P99, P999, LONGEST, COST]
OF_A_DEPLOYMENT: list[Figure[Records]] = [IDLE_MEMORY, MEMORY, START]


def figures() -> tuple[Figure[Any], ...]:
    """All of them, in the order in which reports have them."""
    return (*OF_A_CASE, *OF_A_DEPLOYMENT)


def compared(loop: Loop) -> tuple[Figure[Measured], ...]:
    """What cases of closed or of open load are compared by, first what they are ranked by."""
    known = [figure for figure in OF_A_CASE if figure.name and figure.loop == loop]
    return tuple(sorted(known, key=lambda figure: figure.ranks or math.inf))


def ranking(loop: Loop) -> tuple[Figure[Measured], ...]:
    """What cases of closed or of open load are ranked by, and followed over runs: the first that all have."""
    return tuple(figure for figure in compared(loop) if figure.ranks)


def compared_of_a_deployment() -> tuple[Figure[Records], ...]:
    """What deployments are compared by."""
    return tuple(figure for figure in OF_A_DEPLOYMENT if figure.name)


def names() -> tuple[str, ...]:
    """Of all that is compared, as `--fail-if` has them: of closed load, of open load, of deployments."""
    cases = sorted(OF_A_CASE, key=lambda figure: figure.loop == "open")
    known = (*(figure.name for figure in cases), *(figure.name for figure in OF_A_DEPLOYMENT))
    return tuple(filter(None, known))


def named(name: str) -> Figure[Any]:
    """The figure that is compared under this name."""
    return next(figure for figure in figures() if figure.name == name)
