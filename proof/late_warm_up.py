"""A server that stands still once after each start, beside one that doesn't: do both come out alike?"""

from __future__ import annotations

import math
from dataclasses import replace

from bench.analysis.cases import measured
from bench.analysis.estimate import Effect, differences, effect
from bench.analysis.measured import Measured
from bench.ask.resolution import APPS_FILE, COMPOSE_FILE
from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.model import App, Plan, Server, Suite
from bench.plan.layout import make_plan
from proof.collecting import COLLECT_VARIABLE
from proof.evidence import Archive, Evidence
from proof.machine import ROOT
from proof.runs import planned_run
from proof.slower import Size

AT = 900
"""The request that the pause comes before: after the warm-up, and in the first half of a round."""
WITHIN, WIDEST = 0.01, 0.02
_MOST = 0.8
"""In so many rounds the pause has to be found, at least."""
_STEADY, _PAUSING = "steady", "pausing"


def prove(archive: Archive, *, runs: int, size: Size) -> Evidence:
    """So many runs of both, and of the first one's twin."""
    directory = archive.runs("late-warm-up")
    suites = [planned_run(directory / f"{number}", _plan(size, number)) for number in range(1, runs + 1)]
    pairs = [(_closed(suite, _PAUSING), _closed(suite, _STEADY)) for suite in suites]
    told = effect([value for a, b in pairs for value in differences(a.rates, b.rates)])
    whole = [(replace(a, late=frozenset()), b) for a, b in pairs]
    counted = effect([value for a, b in whole for value in differences(a.rates, b.rates)])
    left_out = sum(len(a.late) > _MOST * len(a.rates) and not b.late for a, b in pairs)
    return Evidence(
        reached=f"{_said(told)}; left out in {left_out} of {runs} runs",
        holds=judged(told, all_left_out=left_out == runs),
        note=f"with what is left out it would be {_said(counted)}",
        raw={"late": [sorted(a.late) for a, _ in pairs], "blocks": [suite.plan.blocks for suite in suites]},
    )


def judged(ratio: Effect | None, *, all_left_out: bool) -> bool | None:
    """Whether two are alike, as far as their interval knows; None where that knows too little."""
    if ratio is None or not all_left_out:
        return None if ratio is None else False
    half = ratio.interval()[1] - ratio.mean
    if abs(ratio.mean) > math.log1p(WITHIN) + half:
        return False
    return True if half <= math.log1p(WIDEST) else None


def _said(ratio: Effect | None) -> str:
    """E.g. "0.991 (0.975 to 1.007)"."""
    if ratio is None:
        return "not measured"
    low, high = (math.exp(bound) for bound in ratio.interval())
    return f"{math.exp(ratio.mean):.3f} ({low:.3f} to {high:.3f})"


def _plan(size: Size, seed: int) -> Plan:
    servers = [_server(_STEADY, 0), _server(_PAUSING, AT)]
    apps = [(_app(), SCENARIOS["mixed"])]
    return make_plan(size.profile(twin=True), "local", servers, apps, seed=seed, rate=None)


def _app() -> App:
    shortly = load_apps(ROOT / APPS_FILE)["shortly"]
    return replace(shortly, name="collecting", callable="proof.collecting:application")


def _server(name: str, at: int) -> Server:
    gunicorn = load_servers(ROOT / COMPOSE_FILE)["gunicorn"]
    environment = {**gunicorn.environment, COLLECT_VARIABLE: str(at)}
    return replace(gunicorn, name=name, title=name, environment=environment)


def _closed(suite: Suite, server: str) -> Measured:
    return next(
        m for m in measured(suite).values() if m.case.server == server and m.case.load.model == "closed"
    )
