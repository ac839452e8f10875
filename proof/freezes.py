"""A server that stands still for half a second in every five: does the p99 say so?"""

from __future__ import annotations

from collections.abc import Sequence

from bench.model import Closed, Open, Trial
from proof.evidence import Archive, Evidence
from proof.figures import quantile, quantile_s
from proof.planted.start import truth
from proof.stage import USERS, due_in_window, stage

TOLERANCE = 0.15
FREEZE_S, PERIOD_S = 0.5, 5.0
_RATE = 400.0
_CAP = 512


def prove(
    archive: Archive, *, trials: int, periods: int, freeze_s: float = FREEZE_S, period_s: float = PERIOD_S
) -> Evidence:
    """So many trials of each load, each of so many periods."""
    length_s = periods * period_s
    load = Open(_CAP, rate=_RATE)
    opened: list[Trial] = []
    closed: list[Trial] = []
    with (
        stage(archive.runs("freezes")) as on,
        on.planted("frozen", freeze_s=freeze_s, period_s=period_s) as target,
    ):
        alone = on.trials(target, Closed(1), 0.5, ["alone"])
        for number in range(trials):
            opened += on.trials(target, load, length_s, [str(number)])
            closed += on.trials(target, Closed(USERS), length_s, [str(number)])
        frozen = truth(target.url).frozen
    service_s = quantile_s(alone, "latency", 0.5)
    waits: list[float] = []
    for number, trial in enumerate(opened):
        due = [trial.at_s + at / 1e9 for at in due_in_window(_RATE, length_s, str(number))]
        waits += simulated_s(due, [(a / 1e9, b / 1e9) for a, b in frozen], service_s)
    true_s, said_s = quantile(waits, 0.99), quantile_s(opened, "latency", 0.99)
    beside_s = quantile_s(closed, "latency", 0.99)
    lost = sum(trial.offered - trial.ok for trial in opened)
    return Evidence(
        reached=(
            f"open {said_s * 1e3:.0f} ms of {true_s * 1e3:.0f} ms ({said_s / true_s - 1:+.1%}); "
            f"closed {beside_s * 1e3:.1f} ms"
        ),
        holds=abs(said_s / true_s - 1) <= TOLERANCE,
        note=(
            f"closed load: while the server hangs, its {USERS} users send nothing, so only {USERS} "
            f"requests a freeze are slow" + (f"; {lost} open requests had no right answer" if lost else "")
        ),
        raw={
            "open_s": said_s,
            "true_s": true_s,
            "closed_s": beside_s,
            "service_s": service_s,
            "freezes": len(frozen),
        },
    )


def simulated_s(due: Sequence[float], frozen: Sequence[tuple[float, float]], service_s: float) -> list[float]:
    """What each request waits at a server that takes one at a time, and none while it is frozen.

    Args:
        due: when requests arrive, ascending; seconds of the same clock as `frozen`.
    """
    waits, free = [], 0.0
    for at in due:
        begin = max(at, free)
        begin = next((end for start, end in frozen if start <= begin < end), begin)
        free = begin + service_s
        waits.append(free - at)
    return waits
