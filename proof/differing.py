"""The load generator's rate with answers that differ each time, against that with equal ones."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bench.model import Closed, Estimate, Trial
from proof.evidence import Archive, Evidence
from proof.figures import of_ratios, ratio_words
from proof.large import at_least
from proof.stage import USERS, Stage, rate, stage

OVER_EQUAL = 0.7
_TRIALS = 5
_TRIAL_S = 0.1


@dataclass(frozen=True)
class Scene:
    """What pages are measured, equal and differing; `options` are those of the planted server."""

    name: str
    options: Mapping[str, Any]

    @property
    def load(self) -> Closed:
        return Closed(USERS, connection="close" if self.options.get("framing") == "http10" else "as-is")


SCENES = (
    Scene("13 bytes", {"size": 13}),
    Scene("1.6 kB", {"size": 1559}),
    Scene("1.6 kB of 100 lengths", {"size": 1559, "lengths": 100}),
    Scene("20 kB", {"size": 20_000}),
    Scene("200 kB", {"size": 200_000}),
    Scene("1.6 kB in two pieces", {"size": 1559, "framing": "pieces"}),
    Scene("20 kB in two pieces", {"size": 20_000, "framing": "pieces"}),
    Scene("1.6 kB in chunks", {"size": 1559, "framing": "chunked"}),
    Scene("20 kB in chunks", {"size": 20_000, "framing": "chunked"}),
    Scene("1.6 kB in chunks in two pieces", {"size": 1559, "framing": "chunks"}),
    Scene("1.6 kB that end with the connection", {"size": 1559, "framing": "http10"}),
)


def prove(archive: Archive, *, turns: int, scenes: Sequence[Scene] = SCENES) -> Evidence:
    """So many pairs of turns of half a second a scene."""
    rates: dict[str, Estimate] = {}
    costs: dict[str, Estimate] = {}
    raw: dict[str, Any] = {}
    shown = []
    with stage(archive.runs("differing")) as on:
        for scene in scenes:
            equal, differing = _sides(on, scene, turns)
            rates[scene.name] = of_ratios([b.rps / a.rps for a, b in zip(equal, differing, strict=True)])
            costs[scene.name] = of_ratios([a.cpu_s / b.cpu_s for a, b in zip(equal, differing, strict=True)])
            raw[scene.name] = [[(turn.rps, turn.cpu_s) for turn in side] for side in (equal, differing)]
            each_us = [fmean(turn.cpu_s for turn in side) * 1e6 for side in (equal, differing)]
            shown.append(f"{scene.name} {each_us[0]:.1f} and {each_us[1]:.1f} us")
    holds = [at_least(found, OVER_EQUAL) for found in (rates, costs)]
    return Evidence(
        reached=", ".join(
            f"{name} {ratio_words(found)} by rate, {ratio_words(costs[name])} by CPU time"
            for name, found in rates.items()
        ),
        holds=False if False in holds else None if None in holds else True,
        note=f"the generator's CPU time for an equal and for a differing one: {'; '.join(shown)}",
        raw={"equal, differing (rps, CPU seconds a request)": raw},
    )


@dataclass(frozen=True)
class _Turn:
    """Answers a second, and the generator's CPU time for each."""

    rps: float
    cpu_s: float


def _sides(on: Stage, scene: Scene, turns: int) -> tuple[list[_Turn], list[_Turn]]:
    """The turns with equal and with differing pages, whose trials alternate in shuffled order."""
    kinds = {name: {**scene.options, "differing": name == "differing"} for name in ("equal", "differing")}
    got: dict[str, list[_Turn]] = {name: [] for name in kinds}
    with on.pages(kinds) as targets:
        for turn in range(-1, turns):
            trials: dict[str, list[Trial]] = {name: [] for name in kinds}
            for number in range(_TRIALS):
                seed = f"{turn}/{number}"
                for name in random.Random(seed).sample(list(kinds), len(kinds)):
                    trials[name] += on.trials(targets[name], scene.load, _TRIAL_S, [seed], "get")
            # The first one warms up.
            for name, of_it in trials.items() if turn >= 0 else ():
                used_s = sum(trial.generator_cpu * trial.duration_s for trial in of_it)
                got[name].append(_Turn(rate(of_it), used_s / sum(trial.answers for trial in of_it)))
    return got["equal"], got["differing"]
