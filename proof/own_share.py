"""The share of a request that is the application's own, of applications whose own CPU time is planted."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.analysis import analyse
from bench.analysis.figures import COST
from bench.analysis.own_share import BUSY, WAITS
from bench.model import Estimate, OwnShare, Suite
from proof.evidence import Archive, Evidence
from proof.planted.own.costs import BUSY_S, LIGHT_S
from proof.runs import harness_run

TOLERANCE = 0.03
# Of being called and of answering, which isn't planted.
_ANSWERING_S = 3e-6
_FOLDER = Path(__file__).parent / "planted" / "own"
_PLANTED_S = {"busy": BUSY_S, "light": LIGHT_S}
_WAITING = "waiting"


def prove(archive: Archive, *, minutes: float = 4) -> Evidence:
    """A run of each application behind two servers, for so many minutes."""
    found: dict[str, Mapping[str, tuple[OwnShare, Estimate]]] = {}
    for name in (*_PLANTED_S, _WAITING):
        suite = harness_run(
            archive.runs("own-share") / name,
            *("--chdir", str(_FOLDER), "--python", sys.executable, "--app", f"costs:{name}"),
            *("--servers", "gunicorn,waitress", "--minutes", str(minutes)),
            verb="try",
            whole=True,
        )
        found[name] = shares_of(suite)
    return judged(found)


def shares_of(suite: Suite) -> Mapping[str, tuple[OwnShare, Estimate]]:
    """By server, with what a request costs behind it."""
    analysis = analyse(suite)
    servers = {case.id: case.server for case in suite.plan.cases}
    shares: dict[str, tuple[OwnShare, Estimate]] = {}
    for share in analysis.own_shares:
        cost = analysis.summaries[share.case].figures[COST.key]
        assert cost is not None
        shares.setdefault(servers[share.case], (share, cost))
    return shares


def judged(found: Mapping[str, Mapping[str, tuple[OwnShare, Estimate]]]) -> Evidence:
    """Whether each share of what a request costs is what was planted, and waiting is known as such."""
    parts: list[str] = []
    right: list[bool] = []
    raw: dict[str, Any] = {}
    for name, planted_s in _PLANTED_S.items():
        for server, (own, cost) in found[name].items():
            share = own.share
            half = math.log(share.high / share.low) / 2 if share.low and share.high else 0.0
            found_s = share.value * cost.value
            bounds_s = planted_s * math.exp(-half), (planted_s + _ANSWERING_S) * math.exp(half)
            right.append(bounds_s[0] / (1 + TOLERANCE) <= found_s <= bounds_s[1] * (1 + TOLERANCE))
            parts.append(
                f"{planted_s * 1e3:g} ms behind {server}: {share.value:.1%} of {cost.value * 1e3:.3f} ms, "
                f"{found_s * 1e3:.4f} ms (± {half:.1%})"
            )
            raw[f"{name} {server}"] = [share.value, share.low, share.high, cost.value, own.busy, own.waits]
    for server, (own, _) in found[_WAITING].items():
        right.append(own.waits >= WAITS and own.busy < BUSY)
        parts.append(
            f"20 ms of waiting behind {server}: waits for {own.waits:.0%}, CPUs busy for {own.busy:.0%}"
        )
    return Evidence(
        "; ".join(parts), all(right) if right else None, "" if right else "nothing was valid", raw
    )
