"""Whether open load is sent when it is due, and all of it."""

from __future__ import annotations

import math

from bench.model import Open, Trial
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.run.calibrate import NULL_DEPLOYMENT
from proof.evidence import Archive, Evidence
from proof.figures import quantile_s
from proof.stage import stage

LATENESS_S = {1_000: 0.0003, 5_000: 0.0003, 20_000: 0.001}
TOLERANCE = 0.005
SIGMAS = 3.0


def prove(archive: Archive, *, trials: int, length_s: float) -> Evidence:
    """So many trials at each rate, in turns, against the null server."""
    directory = archive.runs("punctuality")
    got: dict[int, list[Trial]] = {rate: [] for rate in LATENESS_S}
    with (
        stage(directory) as on,
        on.deployed(directory, [NULL_DEPLOYMENT]) as targets,
    ):
        target = targets[NULL_DEPLOYMENT.name]
        for number in range(trials):
            for rate in LATENESS_S:
                got[rate] += on.trials(target, Open(IN_FLIGHT_CAP, rate=float(rate)), length_s, [str(number)])
    parts, raw, holds = [], {}, True
    for rate, found in got.items():
        late_s = quantile_s(found, "lateness", 0.99)
        sent = sum(trial.ok + trial.failed + trial.unfinished for trial in found)
        asked = rate * length_s * trials
        off = sent / asked - 1
        holds &= late_s < LATENESS_S[rate] and abs(off) <= allowed(asked)
        parts.append(f"{rate:,}: {late_s * 1e3:.2f} ms late, {off:+.2%} (±{allowed(asked):.2%}) sent")
        raw[str(rate)] = {
            "lateness_p99_s": late_s,
            "rate x time": asked,
            "sent": sent,
            "generator_cpu": [trial.generator_cpu for trial in found],
        }
    note = (
        f"sent: without what was dropped, against rate x time, from which a Poisson process itself is off: "
        f"allowed are {TOLERANCE:.1%} + {SIGMAS:g} standard deviations of its count"
    )
    return Evidence("; ".join(parts), holds, note, raw)


def allowed(asked: float) -> float:
    """How far a Poisson count may be from what was asked for, as a share of it."""
    return TOLERANCE + SIGMAS / math.sqrt(asked)
