"""Two identical deployments of one server: how often does a run claim that they differ?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import scipy

from bench.analysis.cases import measured
from bench.analysis.figures import THROUGHPUT, compared, named
from bench.analysis.pairs import compare_twins
from bench.model import Comparison, Suite
from bench.model.variant import TWIN
from proof.evidence import Archive, Evidence
from proof.runs import MakeRuns, harness_run

ALLOWED_SHARE = 1 / 20
_SERVER = "gunicorn"
_PLAUSIBLE = 3
"""Up to so many claims may be chance, and the note says how easily."""


def prove(archive: Archive, *, runs: int, others: MakeRuns, options: tuple[str, ...] = ()) -> Evidence:
    """So many runs of one server and its twin, and what other runs with a twin say.

    Args:
        others: makes those, or finds them made.
        options: of `wsgi-bench run`, beside the standard profile's.
    """
    suites = [
        harness_run(
            archive.runs("twins") / f"{number:02}",
            *("--servers", _SERVER, "--seed", str(number), "--runtime", "local", *options),
        )
        for number in range(1, runs + 1)
    ]
    suites += others(archive)
    return judged([found for suite in suites for found in comparisons(suite)], len(suites))


def judged(found: Sequence[Comparison], runs: int) -> Evidence:
    """What the comparisons of so many runs say; nothing unless each run has one of throughput."""
    made = Counter(named(comparison.figure).key for comparison in found)
    claims = Counter(named(comparison.figure).key for comparison in found if comparison.claimed)
    count, of = claims[THROUGHPUT.key], made[THROUGHPUT.key]
    holds = count <= ALLOWED_SHARE * runs if of == runs else None
    notes = []
    if holds is None:
        notes.append(f"{of} comparisons of throughput from {runs} runs: each must give one")
    if holds is False and count <= _PLAUSIBLE:
        chance = float(scipy.stats.binom.sf(count - 1, runs, ALLOWED_SHARE))
        notes.append(
            f"with exactly {ALLOWED_SHARE:.0%} false claims, {count} or more of {runs} happen in "
            f"{chance:.0%} of tries"
        )
    figures = (*compared("closed"), *compared("open"))
    others = [figure.key for figure in figures if figure is not THROUGHPUT]
    notes.append(
        "in other metrics: " + ", ".join(f"{name} {claims[name]} of {made[name]}" for name in others)
    )
    return Evidence(
        reached=f"{count} of {of} in throughput",
        holds=holds,
        note="; ".join(notes),
        raw={
            "ratio, low, high": [[c.ratio, c.low, c.high] for c in found if c.figure == THROUGHPUT.name],
            "claims": dict(claims),
            "comparisons": dict(made),
        },
    )


def comparisons(suite: Suite) -> list[Comparison]:
    """The server against its twin in every figure of both loads."""
    cases = measured(suite)
    found: list[Comparison] = []
    for twin in cases.values():
        if twin.deployment.variant.kind == TWIN:
            original = cases[twin.case.id.replace(twin.deployment.label, twin.deployment.server.name, 1)]
            for figure in compared(twin.case.load.loop):
                found += compare_twins(figure, [original, twin])
    return found
