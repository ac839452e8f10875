"""Whether open load is sent when it is due, and all of it."""

from __future__ import annotations

from bench.calibrate import NULL_DEPLOYMENT
from bench.model import Load, Trial
from bench.plan import IN_FLIGHT_CAP
from tests.truth.prove.figures import quantile_s
from tests.truth.prove.finding import Finding, Place
from tests.truth.prove.stage import due_in_window, stage

LATENESS_S = {1_000: 0.0003, 5_000: 0.0003, 20_000: 0.001}
TOLERANCE = 0.005


def prove(place: Place, *, trials: int, length_s: float) -> Finding:
    """So many trials at each rate, in turns, against the null server."""
    directory = place.runs("punctuality")
    got: dict[int, list[Trial]] = {rate: [] for rate in LATENESS_S}
    asked: dict[int, int] = dict.fromkeys(LATENESS_S, 0)
    with (
        stage(directory) as on,
        on.deployed(directory, [NULL_DEPLOYMENT]) as targets,
    ):
        target = targets[NULL_DEPLOYMENT.name]
        for number in range(trials):
            for rate in LATENESS_S:
                got[rate] += on.trials(
                    target, Load("open", IN_FLIGHT_CAP, rate=float(rate)), length_s, [str(number)]
                )
                asked[rate] += len(due_in_window(rate, length_s, str(number)))
    parts, raw, holds = [], {}, True
    for rate, found in got.items():
        late_s = quantile_s(found, "lateness", 0.99)
        sent = sum(trial.offered - trial.dropped for trial in found)
        missing = sent / asked[rate] - 1
        holds &= late_s < LATENESS_S[rate] and abs(missing) <= TOLERANCE
        parts.append(f"{rate:,}: {late_s * 1e3:.2f} ms late, {missing:+.2%} sent")
        raw[str(rate)] = {
            "lateness_p99_s": late_s,
            "due": asked[rate],
            "sent": sent,
            "sent_rps": sent / sum(trial.duration_s for trial in found),
            "generator_cpu": [trial.generator_cpu for trial in found],
        }
    return Finding(
        "; ".join(parts), holds, "sent: against the seeded due times, which are random themselves", raw
    )
