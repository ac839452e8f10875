"""Two identical deployments of one server: how often does a run claim that they differ?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import scipy

from bench.analysis.cases import measured
from bench.analysis.figures import COST, P50, P95, P99, THROUGHPUT, compared
from bench.analysis.pairs import compare_twins
from bench.model import Comparison, Suite
from bench.model.variant import TWIN
from proof.evidence import Archive, Evidence
from proof.runs import harness_run

ALLOWED_SHARE = 1 / 20
_SERVER = "gunicorn"
_TAILS = f"{P95.name} or {P99.name}"
_NAMES = (THROUGHPUT.name, COST.name, P50.name, _TAILS)


def prove(archive: Archive, *, runs: int, options: tuple[str, ...] = ()) -> Evidence:
    """So many runs of one server and its twin.

    Args:
        options: of `wsgi-bench run`, beside the standard profile's.
    """
    suites = [
        harness_run(
            archive.runs("twins") / f"{number:02}",
            *("--servers", _SERVER, "--seed", str(number), "--runtime", "local", *options),
        )
        for number in range(1, runs + 1)
    ]
    return judged([found for suite in suites for found in comparisons(suite)], len(suites))


def judged(found: Sequence[Comparison], runs: int) -> Evidence:
    """What the comparisons of so many runs say; nothing unless each run has one of each figure."""
    made = Counter(_name(comparison) for comparison in found)
    claims = Counter(_name(comparison) for comparison in found if comparison.claimed)
    lacking = [f"{made[name]} comparisons of {name}" for name in _NAMES if made[name] != runs]
    notes = [f"{', '.join(lacking)} from {runs} runs: each must give one"] if lacking else []
    most = max(claims.values(), default=0)
    holds = most <= ALLOWED_SHARE * runs
    if not lacking and not holds:
        chance = float(scipy.stats.binom.sf(most - 1, runs, ALLOWED_SHARE))
        notes.append(
            f"with exactly {ALLOWED_SHARE:.0%} false claims, {most} or more of {runs} happen in "
            f"{chance:.0%} of tries of one figure"
        )
    return Evidence(
        reached=", ".join(f"{name} {claims[name]} of {made[name]}" for name in _NAMES),
        holds=None if lacking else holds,
        note="; ".join(notes),
        raw={
            "ratio, low, high": [[c.ratio, c.low, c.high] for c in found if c.figure == THROUGHPUT.name],
            "claims": dict(claims),
            "comparisons": dict(made),
        },
    )


def comparisons(suite: Suite) -> list[Comparison]:
    """The server against its twin in every figure of both loads, as a report compares them."""
    cases = measured(suite)
    found: list[Comparison] = []
    for twin in cases.values():
        if twin.deployment.variant.kind == TWIN:
            original = cases[twin.case.id.replace(twin.deployment.label, twin.deployment.server.name, 1)]
            made: set[str] = set()
            for figure in compared(twin.case.load.loop):
                if figure.instead_of not in made:
                    of_figure = compare_twins(figure, [original, twin])
                    made.update(comparison.figure for comparison in of_figure)
                    found += of_figure
    return found


def _name(comparison: Comparison) -> str:
    return _TAILS if comparison.figure in (P95.name, P99.name) else comparison.figure
