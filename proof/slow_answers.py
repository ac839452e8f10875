"""Closed load of servers some of whose answers are slow: the harness's throughput against wrk's in the long
run."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.analysis import analyse
from bench.analysis.cases import measured
from bench.analysis.figures import THROUGHPUT
from bench.machine.environment import split_cpus
from bench.model import Estimate, Suite
from bench.store import load, replace_file
from proof.evidence import Archive, Evidence
from proof.planted.start import planted
from proof.runs import harness_run, is_complete
from proof.tools import NO_WRK, has_wrk, wrk
from proof.virtual.run import Service, collecting, lognormal, tail

TOLERANCE = 0.05
WRK = "wrk.json"
"""Beside a scene's run: wrk's answers a second of each server."""
PLAIN = "plain"


@dataclass(frozen=True)
class Scene:
    """One run of servers with slow answers beside one without.

    Attributes:
        plants: server name to its options, as of `proof.planted.behaviour.Plan`.
        options: of the run, beside its targets and its time.
        turns: how often wrk goes from server to server in its time, so that the machine's changes meet all
            alike. Once where answers are slow: each time begins with no user waiting for one.
    """

    name: str
    plants: Mapping[str, Mapping[str, Any]]
    options: tuple[str, ...] = ()
    turns: int = 1

    @property
    def close(self) -> bool:
        """Whether each request has a connection of its own."""
        return "close" in self.options


def _collecting(answers: int, freeze_s: float, base_s: float) -> Mapping[str, Any]:
    return {"kind": "collecting", "answers": answers, "freeze_s": freeze_s, "base_s": base_s}


def _tail(share: float, slow_s: float, base_s: float, threads: int = 0) -> Mapping[str, Any]:
    return {"kind": "tail", "slow_share": share, "slow_s": slow_s, "base_s": base_s, "threads": threads}


_SECOND = {PLAIN: _tail(0.0, 1.0, 0.02), "0.5 % of 1 s": _tail(0.005, 1.0, 0.02)}
SCENES = (
    Scene("a second", _SECOND),
    Scene("a second, close", _SECOND, ("--connection", "close")),
    Scene("a second, two processes", _SECOND, ("--processes", "2")),
    Scene(
        "half a second among fast answers",
        {PLAIN: _tail(0.0, 1.0, 0.001), "0.2 % of 0.5 s": _tail(0.002, 0.5, 0.001)},
    ),
    Scene(
        "four threads",
        {PLAIN: _tail(0.0, 1.0, 0.003, 4), "1 % of 0.3 s": _tail(0.01, 0.3, 0.003, 4)},
    ),
    Scene(
        "a timeout",
        {PLAIN: _tail(0.0, 1.0, 0.02), "0.1 % of 5 s": _tail(0.001, 5.0, 0.02)},
    ),
    Scene(
        "log-normal",
        {PLAIN: _tail(0.0, 1.0, 0.02), "spread 1.5": {"kind": "delayed", "median_s": 0.01, "spread": 1.5}},
    ),
    Scene(
        "pauses by requests",
        {PLAIN: _collecting(492, 0.0, 0.0007), "30 ms in each 492": _collecting(492, 0.03, 0.0007)},
        turns=12,
    ),
)


def prove(archive: Archive, *, minutes: float, wrk_s: int, scenes: Sequence[Scene] = SCENES) -> Evidence:
    """Each scene measured for so many minutes, and by wrk for `wrk_s` seconds a server."""
    if not has_wrk():
        return Evidence("", None, NO_WRK)
    parts: list[str] = []
    raw: dict[str, Any] = {}
    for number, scene in enumerate(scenes):
        said, true_rps = _measured(archive, number, scene, minutes, wrk_s)
        for name in scene.plants:
            if name == PLAIN:
                continue
            found, truth = said.get(name), true_rps[name] / true_rps[PLAIN]
            words = _words(found) if found else "not valid, and the run says why"
            parts.append(f"{scene.name}, {name}: {words}, wrk {truth:.3f}")
            raw[parts[-1]] = {
                "truth": truth,
                "noise": service_of(scene.plants[name]).noise(wrk_s),
                "found": found and [found.value, found.low, found.high],
            }
    said_so = [one for one in raw.values() if one["found"]]
    values = [(one["found"], one["truth"]) for one in said_so]
    errors = [abs(value / truth - 1) for (value, _, _), truth in values]
    covered = [covers(one["found"], one["truth"], one["noise"]) for one in said_so]
    halves = [math.sqrt(high / low) - 1 for (_, low, high), _ in values]
    near = [error <= TOLERANCE + half for error, half in zip(errors, halves, strict=True)]
    return Evidence(
        reached="; ".join(parts),
        holds=all(near) if values else None,
        note=(
            f"worst error {max(errors, default=0):.1%}; {sum(covered)} of {len(values)} intervals hold wrk's "
            f"ratio within its own noise (±{max((1.96 * one['noise'] for one in said_so), default=0):.0%} at "
            f"most)"
        ),
        raw=raw,
    )


def covers(found: Sequence[float], truth: float, noise: float) -> bool:
    """Whether an interval holds another measurement of the same.

    Args:
        found: value and bounds.
        noise: standard deviation of the logarithm of that other one, `truth`.
    """
    value, low, high = found
    return abs(math.log(value / truth)) <= math.hypot(math.log(high / low) / 2, 1.96 * noise)


def service_of(options: Mapping[str, Any]) -> Service:
    """What a planted server with these options does."""
    if options["kind"] == "delayed":
        return lognormal(options["median_s"], options["spread"])
    if options["kind"] == "collecting":
        return collecting(options["answers"], options["freeze_s"], options["base_s"])
    return tail(options["slow_share"], options["slow_s"], options["base_s"], options["threads"])


def _words(found: Estimate) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _measured(
    archive: Archive, number: int, scene: Scene, minutes: float, wrk_s: int
) -> tuple[Mapping[str, Estimate], Mapping[str, float]]:
    """What the run says of each server against the plain one, and wrk's answers a second of each.

    A scene that an earlier call has measured whole isn't measured again.
    """
    directory = archive.runs("slow-answers") / f"{number:02}"
    names = {name: f"s{index}" for index, name in enumerate(scene.plants)}
    if not (is_complete(directory) and (directory / WRK).exists()):
        _measure(directory, names, number, scene, minutes, wrk_s)
    true_rps = json.loads((directory / WRK).read_text(encoding="utf-8"))
    return _ratios(load(directory), names), true_rps


def _measure(
    directory: Path, names: Mapping[str, str], number: int, scene: Scene, minutes: float, wrk_s: int
) -> None:
    """Run the harness against the scene's servers, then wrk, and keep both."""
    with ExitStack() as stack:
        urls = {
            # One seed's luck would come again with every proof: the first 40,000 draws of seed 1 have 24 %
            # more slow answers than a share of 0.5 %.
            name: stack.enter_context(planted(**{"seed": secrets.randbits(32), **options}))
            for name, options in scene.plants.items()
        }
        targets = [word for name, url in urls.items() for word in ("--target", f"{names[name]}={url}")]
        options = ("--minutes", f"{minutes:g}", "--seed", str(number + 1), *scene.options)
        harness_run(directory, *targets, *options, whole=True)
        cpus = split_cpus().generator
        seen: dict[str, list[float]] = {name: [] for name in urls}
        for _ in range(scene.turns):
            for name, url in urls.items():
                seen[name].append(wrk(url, cpus, close=scene.close, seconds=wrk_s // scene.turns).rps)
        true_rps = {name: fmean(rates) for name, rates in seen.items()}
    replace_file(directory / WRK, [json.dumps(true_rps, indent=1) + "\n"])


def _ratios(suite: Suite, names: Mapping[str, str]) -> Mapping[str, Estimate]:
    """Each server's throughput as a ratio to the plain one's; those that the run calls valid."""
    analysis = analyse(suite)
    closed = {
        m.case.server: m
        for m in measured(suite).values()
        if m.case.load.model == "closed"
        and m.deployment.variant.kind.ranked
        and analysis.verdicts[m.case.id].valid
    }
    found: dict[str, Estimate] = {}
    for name, server in names.items():
        if name != PLAIN and server in closed and names[PLAIN] in closed:
            effect = THROUGHPUT.read.paired(closed[server], closed[names[PLAIN]])
            if effect is not None:
                low, high = effect.interval()
                found[name] = Estimate(math.exp(effect.mean), math.exp(low), math.exp(high))
    return found
