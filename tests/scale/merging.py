"""What it takes a master to merge the parts of a trial, by the number of its workers.

Parts are made up, but whole: real histograms of times that are drawn, for the three endpoints of `mixed`, as
many as a worker has at its share of ten million requests a second. A few different ones take turns. They are
packed as locust sends them, and unpacked, read and merged as a master does it, on one CPU. What the network
takes isn't in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict

import msgpack
import numpy as np

from bench.load import shared_trial
from bench.load.protocol import read_trial
from bench.load.records import encode
from bench.model import Trial
from bench.plan.layout import PROFILES

RATE_A_WORKER = 20_000
"""Requests a second: ten million by 500 workers."""
_ENDPOINTS = {"follow": 0.90, "details": 0.08, "shorten": 0.02}
_DIFFERENT = 8
_REPEATED = 5


def part(kind: str, length_s: float, seed: int) -> Trial:
    """One worker's part of a trial.

    Args:
        kind: of load, "closed" or "open".
    """
    drawn = np.random.default_rng(seed)
    offered = round(RATE_A_WORKER * length_s)
    histograms = {}
    for endpoint, share in _ENDPOINTS.items():
        times_ns = (drawn.lognormal(mean=np.log(2e6), sigma=0.8, size=round(offered * share))).astype(
            np.int64
        )
        histograms[f"latency/{endpoint}"] = encode(times_ns)
        if kind == "open":
            histograms[f"service/{endpoint}"] = encode(times_ns)
    if kind == "open":
        histograms["lateness/all"] = encode(drawn.exponential(3e4, offered).astype(np.int64))
    return Trial(
        case="a", round=0, block=0, order=0, at_s=0.0, duration_s=length_s, offered=offered, ok=offered,
        answers=float(offered), failed=0, dropped=0, dropped_late=0, unfinished=0, errors={}, connections=0,
        lost=0, mean_s=0.002, cpu_s=None, generator_cpu=0.5, begun=offered, histograms=histograms,
        statuses={"200": offered},
    )  # fmt: skip


def measured_s(answers: Sequence[bytes]) -> float:
    """How long it takes to unpack, read and merge these answers: the median of a few tries."""

    def merged_s() -> float:
        began_s = time.process_time()
        shared_trial.merge([read_trial(msgpack.unpackb(answer)) for answer in answers])
        return time.process_time() - began_s

    return statistics.median(merged_s() for _ in range(_REPEATED))


def main(workers: Sequence[int]) -> None:
    lengths = PROFILES["standard"].trial_s
    print("workers  requests a second  load    trial  answers of a trial  merging   of the trial's length")
    for kind, length_s in (("closed", lengths.closed), ("open", lengths.open)):
        packed = [msgpack.packb(asdict(part(kind, length_s, seed))) for seed in range(_DIFFERENT)]
        for number in workers:
            answers = [packed[worker % _DIFFERENT] for worker in range(number)]
            seconds, size = measured_s(answers), sum(map(len, answers))
            print(
                f"{number:7,}  {number * RATE_A_WORKER:17,}  {kind:6}  {length_s:4g} s  "
                f"{size / 1e3:15,.0f} kB  {seconds * 1e3:6.1f} ms  {seconds / length_s:10.1%}"
            )
