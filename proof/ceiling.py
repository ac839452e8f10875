"""The load generator against a server that does nothing, in turns with FastHttpUser and wrk."""

from __future__ import annotations

import random
from statistics import fmean, median

from bench.machine.place import HERE
from bench.machine.usage import open_usage
from bench.model import Closed, Target
from bench.run.calibrate import NULL_DEPLOYMENT
from proof.evidence import Archive, Evidence
from proof.figures import of_ratios, ratio_words
from proof.stage import USERS, Stage, rate, stage
from proof.tools import NO_WRK, Turn, fast_http_user, has_wrk, wrk

OVER_FAST_HTTP_USER = 7.0
OVER_WRK = 0.7
_TRIALS = 10
_TRIAL_S = 0.1


def prove(archive: Archive, *, turns: int, locust_s: float) -> Evidence:
    """Let each generator have so many turns of about a second (locust: `locust_s`), in shuffled order."""
    directory = archive.runs("ceiling")
    found: dict[str, list[Turn]] = {name: [] for name in ("loop", "locust", *["wrk"] * has_wrk())}
    busy: dict[str, float] = {}
    with (
        stage(directory) as on,
        on.deployed(directory, [NULL_DEPLOYMENT]) as targets,
    ):
        target = targets[NULL_DEPLOYMENT.name]
        for turn in range(turns):
            for name in random.Random(turn).sample(list(found), len(found)):
                found[name].append(_turn(on, target, name, turn, locust_s))
        if has_wrk():
            busy = {name: _server_share(on, target, name) for name in ("loop", "wrk")}
    rates = {name: median(turn.rps for turn in got) for name, got in found.items()}
    over_locust = rates["loop"] / rates["locust"]
    reached = f"{rates['loop']:,.0f} a second: {over_locust:.1f} x FastHttpUser ({rates['locust']:,.0f})"
    holds = over_locust >= OVER_FAST_HTTP_USER
    note = f"{NO_WRK}: only the first half was tried"
    if has_wrk():
        over_wrk = rates["loop"] / rates["wrk"]
        paired = of_ratios([a.rps / b.rps for a, b in zip(found["loop"], found["wrk"], strict=True)])
        reached += f", {over_wrk:.2f} x wrk ({rates['wrk']:,.0f}; turn by turn {ratio_words(paired)})"
        holds = holds and over_wrk >= OVER_WRK
        per_cpu = {name: rates[name] / fmean(t.cpu_share for t in found[name]) for name in ("loop", "wrk")}
        note = (
            f"the null server is busy for {busy['loop']:.0%} of the time with the loop, for "
            f"{busy['wrk']:.0%} with wrk; per CPU second of its own the loop sends "
            f"{per_cpu['loop'] / per_cpu['wrk']:.2f} of what wrk sends"
        )
    raw = {name: [[t.rps, t.cpu_share] for t in got] for name, got in found.items()}
    return Evidence(reached, holds, note, {"turns (rps, own CPU)": raw, "server busy": busy})


def _turn(on: Stage, target: Target, name: str, turn: int, locust_s: float) -> Turn:
    if name == "wrk":
        return wrk(target.url, on.cpus.generator)
    if name == "locust":
        return fast_http_user(target.url, on.cpus.generator, locust_s)
    trials = on.trials(target, Closed(USERS), _TRIAL_S, [f"{turn}/{i}" for i in range(_TRIALS)])
    return Turn(rate(trials), fmean(trial.generator_cpu for trial in trials))


def _server_share(on: Stage, target: Target, name: str) -> float:
    """CPU time of the server over one more turn of about a second, as a share of one CPU."""
    if name == "loop":
        (trial,) = on.trials(target, Closed(USERS), 1.0, ["busy"])
        return (trial.cpu_s or 0.0) / trial.duration_s
    usage = open_usage(target.usage, HERE)
    assert usage is not None, "the null server is a child of this process"
    usage.begin()
    wrk(target.url, on.cpus.generator)
    usage.end()
    used_ns = usage.used_ns()
    usage.close()
    assert used_ns is not None, "the null server lives as long as this process"
    return used_ns / 1e9
