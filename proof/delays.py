"""Percentiles of a server that waits before it answers, against the waits that it really made."""

from __future__ import annotations

from collections.abc import Sequence

from bench.model import Closed, Open, Trial
from proof.evidence import Archive, Evidence
from proof.figures import quantile, quantile_s
from proof.planted.start import truth
from proof.stage import USERS, stage

RELATIVE = 0.03
ABSOLUTE_S = 0.0002
SHARES = {"p50": 0.5, "p99": 0.99}
# Few enough requests that the server is idle most of the time, so that none waits for another.
_MEDIAN_S = 0.01
_LOADS = {"closed": Closed(USERS), "open": Open(256, rate=800.0)}


def prove(archive: Archive, *, trials: int, length_s: float) -> Evidence:
    """So many trials of each load, in turns."""
    got: dict[str, list[Trial]] = {model: [] for model in _LOADS}
    with stage(archive.runs("delays")) as on, on.planted("delayed", median_s=_MEDIAN_S) as target:
        for number in range(trials):
            for model, load in _LOADS.items():
                got[model] += on.trials(target, load, length_s, [str(number)])
        answered = truth(target.url).answered
    parts, raw, worst = [], {}, 0.0
    for model, found in got.items():
        true = _true_s(answered, found)
        for name, share in SHARES.items():
            said_s, true_s = quantile_s(found, "latency", share), quantile(true, share)
            worst = max(worst, abs(said_s - true_s) / (RELATIVE * true_s + ABSOLUTE_S))
            parts.append(f"{model} {name} {said_s * 1e3:.2f} of {true_s * 1e3:.2f} ms")
            raw[f"{model} {name}"] = {"said_s": said_s, "true_s": true_s, "answers": len(true)}
    return Evidence(", ".join(parts), worst <= 1, f"the worst is {worst:.0%} of what is allowed", raw)


def _true_s(answered: Sequence[tuple[int, int]], trials: Sequence[Trial]) -> list[float]:
    """Seconds from reading to answering, of the requests that came within the trials' windows.

    Both loads count these: closed load what was sent in the window, open load what was due in it.
    """
    windows = [(trial.at_s * 1e9, (trial.at_s + trial.duration_s) * 1e9) for trial in trials]
    return [
        (written - read) / 1e9
        for read, written in answered
        if any(opened < read <= closed for opened, closed in windows)
    ]
