"""Two identical deployments of one server: how often does a run claim that they differ?"""

from __future__ import annotations

from collections import Counter

from bench.analysis.measured import measured
from bench.analysis.pairs import METRICS, THROUGHPUT, compare_twin
from bench.model import TWIN_SUFFIX, Comparison, Suite
from tests.truth.prove.finding import Finding, Place
from tests.truth.prove.runs import harness_run

ALLOWED_SHARE = 1 / 20
_SERVER = "gunicorn"


def prove(place: Place, *, runs: int, options: tuple[str, ...] = ()) -> Finding:
    """So many runs of one server and its twin.

    Args:
        options: of `wsgi-bench run`, beside the standard profile's.
    """
    claims: Counter[str] = Counter()
    ratios = []
    for number in range(1, runs + 1):
        directory = place.runs("twins") / f"{number:02}"
        suite = harness_run(
            directory, "--servers", _SERVER, "--seed", str(number), "--runtime", "local", *options
        )
        for found in _comparisons(suite):
            claims[found.metric] += found.verdict != "tie"
            if found.metric == THROUGHPUT.name:
                ratios.append([found.ratio, found.low, found.high])
    others = ", ".join(f"{metric} {count}" for metric, count in claims.items() if metric != THROUGHPUT.name)
    return Finding(
        reached=f"{claims[THROUGHPUT.name]} of {runs} in throughput",
        holds=claims[THROUGHPUT.name] <= ALLOWED_SHARE * runs,
        note=f"in other metrics: {others}",
        raw={"ratio, low, high": ratios, "claims": claims},
    )


def _comparisons(suite: Suite) -> list[Comparison]:
    """The server against its twin in every metric of both loads."""
    cases = measured(suite)
    found = []
    for twin in cases.values():
        if twin.deployment.twin:
            original = cases[twin.case.id.replace(TWIN_SUFFIX, "", 1)]
            for metric in METRICS[twin.case.load.model]:
                comparison = compare_twin(metric, original, twin)
                found += [comparison] if comparison is not None else []
    return found
