"""One standard run of five servers and a twin: its intervals, its time, its memory."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from statistics import median
from subprocess import Popen
from typing import Any

import numpy as np
import psutil

from bench.analysis import analyse
from bench.analysis.cases import measured
from bench.analysis.claim import half_width
from bench.analysis.figures import THROUGHPUT
from bench.machine.environment import split_cpus
from bench.model import Suite
from bench.store import RESULT, replace_file
from proof.evidence import Archive, Evidence
from proof.figures import block_differences, spread_of
from proof.machine import staying_on
from proof.runs import harness_run, is_complete

MAX_HALF_WIDTH = 0.015
MAX_TOTAL_S = 300.0
MAX_BYTES = 300_000_000
MAX_GROWTH = 0.1
_WATCHED = "watched.json"
_WARM_SHARE = 0.2
_EVERY_S = 1.0

Options = tuple[str, ...]


def width(archive: Archive, *, options: Options = ()) -> Evidence:
    """Half of each pair's 95 % interval, not adjusted for the number of pairs."""
    suite = run(archive, options)
    closed = [
        m
        for m in measured(suite).values()
        if m.case.load.model == "closed" and m.deployment.variant.kind.ranked
    ]
    pairs = list(combinations(closed, 2))
    effects = {f"{a.case.server} / {b.case.server}": THROUGHPUT.read.paired(a, b) for a, b in pairs}
    halves = {
        pair: float(np.expm1((found.interval()[1] - found.interval()[0]) / 2))
        for pair, found in effects.items()
        if found is not None
    }
    if not halves:
        return Evidence("", None, "no pair of servers has an interval: they need two rounds")
    reached = median(halves.values())
    twin = analyse(suite).twin
    notes = [f"the twin: {twin.ratio:.3f} ±{half_width(twin):.1%}"] if twin is not None else []
    spreads = [spread_of(block_differences(a.log_rates, b.log_rates)) for a, b in pairs]
    block_sd = median(spread.block_sd for spread in spreads if spread is not None)
    notes.append(f"the standard deviation of a ratio between the blocks of a round: {block_sd:.1%}")
    return Evidence(
        reached=f"±{reached:.1%} (from ±{min(halves.values()):.1%} to ±{max(halves.values()):.1%})",
        holds=reached <= MAX_HALF_WIDTH,
        note="; ".join(notes),
        raw=halves,
    )


def duration(archive: Archive, *, options: Options = ()) -> Evidence:
    """From the command's start to its end, and how much of it lies inside counted windows."""
    suite = run(archive, options)
    total_s = _watched(archive)["total_s"]
    inside_s = sum(trial.duration_s for trial in suite.trials)
    return Evidence(
        reached=f"{total_s / 60:.1f} minutes, {inside_s / total_s:.0%} inside trials",
        holds=total_s <= MAX_TOTAL_S,
        raw={"total_s": total_s, "inside_s": inside_s, "expected_s": suite.plan.expected_s},
    )


def memory(archive: Archive, *, options: Options = ()) -> Evidence:
    """Resident memory of harness and driver: the highest, and a line through all but the first fifth."""
    suite = run(archive, options)
    samples = _watched(archive)["samples"]
    later = np.array(samples[int(len(samples) * _WARM_SHARE) :], dtype=float)
    if len(later) < 3:
        return Evidence("", None, "the run was too short for a line through its samples")
    seconds, total = later[:, 0], later[:, 1] + later[:, 2]
    slope = float(np.polyfit(seconds, total, 1)[0])
    growth = slope * float(np.ptp(seconds)) / float(np.median(total))
    highest = max(harness + driver for _, harness, driver in samples)
    requests = sum(trial.offered for trial in suite.trials)
    return Evidence(
        reached=f"at most {highest / 1e6:.0f} MB, {slope * 60 / 1e6:+.2f} MB a minute ({growth:+.1%} in all)",
        holds=highest < MAX_BYTES and growth <= MAX_GROWTH,
        note=f"{requests:,} counted requests",
        raw={"seconds, harness bytes, driver bytes": samples},
    )


def run(archive: Archive, options: Options = ()) -> Suite:
    """The run that these claims and others share; an interrupted one begins anew, since its time counts."""
    directory = _directory(archive)
    done = is_complete(directory) and (directory / _WATCHED).exists()
    began = time.monotonic()
    samples: list[tuple[float, int, int]] = []

    def watch(child: Popen[bytes]) -> None:
        with staying_on(split_cpus().generator):
            while child.poll() is None:
                samples.append((time.monotonic() - began, *_resident(child.pid)))
                time.sleep(_EVERY_S)

    if not done:
        (directory / RESULT).unlink(missing_ok=True)
    suite = harness_run(directory, "--runtime", "local", "--seed", "1", *options, whole=True, watch=watch)
    if not done:
        watched = {"total_s": time.monotonic() - began, "samples": samples}
        replace_file(directory / _WATCHED, [json.dumps(watched)])
    return suite


def _directory(archive: Archive) -> Path:
    return archive.runs("standard")


def _watched(archive: Archive) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((_directory(archive) / _WATCHED).read_text(encoding="utf-8"))
    return found


def _resident(pid: int) -> tuple[int, int]:
    """Bytes of the harness and of its load driver; 0 for what isn't there."""
    sizes = [0, 0]
    try:
        harness = psutil.Process(pid)
        sizes[0] = harness.memory_info().rss
        for child in harness.children():
            if "bench.load.driver" in child.cmdline():
                sizes[1] = child.memory_info().rss
    except psutil.Error:
        pass
    return sizes[0], sizes[1]
