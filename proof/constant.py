"""Servers that wait for a constant time, mostly longer than a trial: does closed load ask users / delay?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from bench.model import Closed, Trial
from proof.evidence import Archive, Evidence
from proof.planted.start import truth
from proof.stage import USERS, rate, stage

TOLERANCE = 0.02
DELAYS_S = (0.13, 0.7, 2.0)
_SHORT_S = 0.1
_LONG = 3


def prove(archive: Archive, *, turns: int, delays_s: Sequence[float] = DELAYS_S) -> Evidence:
    """So many turns a delay: a trial shorter than the delay, and one that holds a few of it."""
    parts, raw, worst = [], {}, 0.0
    with stage(archive.runs("constant")) as on:
        for delay_s in delays_s:
            got: dict[str, list[Trial]] = {"short": [], "long": []}
            with on.planted("tail", slow_share=0.0, base_s=delay_s) as target:
                for number in range(turns):
                    for name, length_s in (("short", _SHORT_S), ("long", _LONG * delay_s)):
                        got[name] += on.trials(target, Closed(USERS), length_s, [str(number)])
                waits_s = [(written - read) / 1e9 for read, written in truth(target.url).answered]
            true_rps = USERS / fmean(waits_s)
            off = {name: rate(trials) / true_rps - 1 for name, trials in got.items()}
            worst = max(worst, *map(abs, off.values()))
            parts.append(
                f"{delay_s:g} s: {true_rps:.1f} a second, {off['short']:+.1%} in trials of {_SHORT_S:g} s, "
                f"{off['long']:+.1%} in those of {_LONG * delay_s:.3g} s"
            )
            raw[f"{delay_s:g}"] = {"waited_s": fmean(waits_s), "rps": true_rps, "off": off}
    note = "the server's own waits are the truth: a timer is late by what the machine makes of it"
    return Evidence("; ".join(parts), worst <= TOLERANCE, note, raw)
