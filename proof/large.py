"""Answers of megabytes: the harness's throughput against wrk's, both asking the same server in turns."""

from __future__ import annotations

import random
from collections.abc import Mapping

from bench.model import Closed, Estimate
from proof.evidence import Archive, Evidence
from proof.figures import of_ratios, ratio_words
from proof.stage import USERS, Stage, rate, stage
from proof.tools import NO_WRK, has_wrk, wrk

OVER_WRK = 0.5
MB = 1_000_000


def prove(archive: Archive, *, pairs: int, turns_s: Mapping[int, int]) -> Evidence:
    """So many pairs of turns a size; `turns_s` has the seconds of a turn by the size in bytes.

    wrk counts an answer when it is whole, but bytes as they come: a turn holds few of the largest answers,
    so bytes are compared.
    """
    if not has_wrk():
        return Evidence("", None, NO_WRK)
    ratios: dict[str, list[float]] = {}
    reached: dict[str, list[float]] = {}
    with stage(archive.runs("large-answers")) as on:
        for size, turn_s in turns_s.items():
            name = f"{size / MB:g} MB"
            both = [_pair(on, size, turn_s, pair) for pair in range(pairs)]
            ratios[name] = [ours / theirs for ours, theirs in both]
            reached[name] = [ours / size for ours, _ in both]
    found = {name: of_ratios(values) for name, values in ratios.items()}
    return Evidence(
        reached=", ".join(f"{name} {ratio_words(e)}" for name, e in found.items()),
        holds=at_least(found, OVER_WRK),
        note="; ".join(f"{name}: {min(v):,.0f} to {max(v):,.0f} a second" for name, v in reached.items()),
        raw={"harness / wrk": ratios, "answers a second": reached},
    )


def at_least(found: Mapping[str, Estimate], bound: float) -> bool | None:
    """Whether each ratio is so large; None where an interval holds the bound and none lies below it."""
    if any((e.high or e.value) < bound for e in found.values()):
        return False
    return True if all((e.low or e.value) >= bound for e in found.values()) else None


def _pair(on: Stage, size: int, turn_s: int, pair: int) -> tuple[float, float]:
    """Bytes a second of the harness and of wrk, in either order."""
    rates: dict[str, float] = {}
    with on.planted("large", size=size, scenario="get") as target:
        for who in random.Random(pair).sample(["harness", "wrk"], 2):
            if who == "wrk":
                rates[who] = wrk(target.url, on.cpus.generator, seconds=turn_s).bytes_s
            else:
                trials = on.trials(target, Closed(USERS), turn_s, [str(pair)], "get")
                rates[who] = rate(trials) * size
    return rates["harness"], rates["wrk"]
