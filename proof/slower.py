"""A server that was made 3 or 5 % slower: how many runs find it?

The same gunicorn serves the same app, which does the work of some requests twice. How much that costs is
measured first. Whether the plant was as large as asked is measured again over all runs together: a larger one
would be easier to find, so the claim needs a plant that is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.analysis import analyse
from bench.analysis.estimate import Effect, Ratio, differences, effect
from bench.analysis.figures import COST, THROUGHPUT
from bench.model import Plan, Server, Suite
from bench.model.errors import MachineError
from bench.plan.layout import Profile
from bench.store.analysis_document import pair_to_document
from proof import variants
from proof.evidence import Archive, Evidence
from proof.repeating import REPEAT_VARIABLE
from proof.runs import MakeRuns, planned_run
from proof.variants import Size, closed

SLOWER = {0.03: 0.9, 0.05: 1.0}
"""How much slower, and the share of the runs that must find it."""
PLANT_TOLERANCE = 0.01
"""How far the plant may be from what was asked, in throughput."""

_PLAIN = "plain"
_HEAVY = "heavy"
_HEAVY_SHARE = 0.5


def make_runs(archive: Archive, *, runs: int, size: Size, calibration: Size) -> list[Suite]:
    """Calibrate, then so many runs with the plain server, its twin and the slower ones."""
    directory = archive.runs("slower")
    repeats = _calibrated(directory / "calibration", calibration)
    servers = [_server(_PLAIN, 0), *(_server(_name(share), repeats[share]) for share in SLOWER)]
    return [
        planned_run(directory / f"{number:02}", _plan(size.profile(twin=True), servers, seed=number))
        for number in range(1, runs + 1)
    ]


def prove(archive: Archive, *, made: MakeRuns) -> Evidence:
    """What these runs find."""
    suites = made(archive)
    found = {share: sum(_finds(suite, _name(share)) for suite in suites) for share in SLOWER}
    pooled = {share: _pooled(suites, _name(share)) for share in SLOWER}
    rates = {share: rate for share, (rate, _) in pooled.items()}
    costs = "; ".join(f"{share:.0%}: {_change(cost)}" for share, (_, cost) in pooled.items())
    holds, note = judged(found, rates, len(suites))
    return Evidence(
        reached=", ".join(
            f"{share:.0%} slower planted, {_change(rates[share])} measured: found in {n} of {len(suites)}"
            for share, n in found.items()
        ),
        holds=holds,
        note="; ".join(filter(None, [note, f"CPU a request over all runs: {costs}"])),
        raw={
            "repeats": {
                d.server.name: d.server.environment[REPEAT_VARIABLE] for d in suites[0].plan.deployments
            },
            "verdicts": [_verdicts(suite) for suite in suites],
        },
    )


def judged(
    found: Mapping[float, int], rates: Mapping[float, Effect | None], runs: int
) -> tuple[bool | None, str]:
    """Whether enough runs found each plant, and each was as large as asked, with a note.

    Args:
        found: plant -> how many of the runs found it.
        rates: plant -> its throughput over that of the plain server, over all runs.
    """
    wrong = [
        f"{share:.0%} was {-math.expm1(rate.mean):.1%}"
        for share, rate in rates.items()
        if rate is not None and abs(-math.expm1(rate.mean) - share) > PLANT_TOLERANCE
    ]
    note = f"the plant was wrong: {', '.join(wrong)}" if wrong else ""
    if wrong or any(found[share] < needed * runs for share, needed in SLOWER.items()):
        return False, note
    if None in rates.values():
        return None, "too few rounds to say how large the plant was"
    return True, ""


def _calibrated(directory: Path, size: Size) -> Mapping[float, float]:
    """The share of requests to do twice for each plant, from what many add to the CPU time a request.

    Throughput of a busy server is the inverse of its time a request: to be 3 % slower it must take
    1 / 0.97 of it.
    """
    servers = [_server(_PLAIN, 0), _server(_HEAVY, _HEAVY_SHARE)]
    suite = planned_run(directory, _plan(size.profile(twin=False), servers, seed=0))
    return repeats_of(COST.read.paired(closed(suite, _HEAVY), closed(suite, _PLAIN)))


def repeats_of(added: Ratio | None) -> Mapping[float, float]:
    """See above.

    Args:
        added: CPU time a request of the one that does half of its requests twice, over the plain one's.

    Raises:
        MachineError: that is too little to plant anything by it.
    """
    each = math.expm1(added.mean) / _HEAVY_SHARE if added is not None else 0.0
    repeats = {share: (1 / (1 - share) - 1) / each for share in SLOWER if each > 0}
    if len(repeats) < len(SLOWER) or max(repeats.values()) > _HEAVY_SHARE:
        raise MachineError(
            f"doing {_HEAVY_SHARE:.0%} of the requests twice changed the CPU time a request by "
            f"{_change(added)}: too little to plant anything by it; try again on a quieter machine"
        )
    return repeats


def _plan(profile: Profile, servers: Sequence[Server], seed: int) -> Plan:
    return variants.plan(profile, "repeating", servers, seed)


def _server(name: str, repeated: float) -> Server:
    return variants.server(name, REPEAT_VARIABLE, f"{repeated:.5f}")


def _name(share: float) -> str:
    return f"slower-{share * 100:g}"


def _finds(suite: Suite, slower: str) -> bool:
    """Whether the run says that the slower one is slower, and not the reverse."""
    plain, slow = closed(suite, _PLAIN).case.id, closed(suite, slower).case.id
    for found in analyse(suite).comparisons:
        if found.figure == THROUGHPUT.name and {found.subject.id, found.other.id} == {plain, slow}:
            return found.better is (found.subject.id == plain)
    return False


def _verdicts(suite: Suite) -> list[str]:
    """What a run says of each pair in throughput, or why it says nothing of a case."""
    analysis = analyse(suite)
    pairs = [
        f"{c['a']} / {c['b']}: {c['ratio']:.4f} ({c['low']:.4f} to {c['high']:.4f}) {c['verdict']}"
        for c in map(pair_to_document, analysis.comparisons)
        if c["metric"] == THROUGHPUT.key
    ]
    return [*pairs, *(f"{case}: {r}" for case, v in analysis.verdicts.items() for r in v.reasons)]


def _pooled(suites: Sequence[Suite], slower: str) -> tuple[Effect | None, Effect | None]:
    """The plant as it was, over all rounds of all runs: in throughput, and in CPU time a request."""
    pairs = [(closed(suite, slower), closed(suite, _PLAIN)) for suite in suites]
    return (
        effect([value for a, b in pairs for value in differences(a.rates, b.rates)]),
        effect([value for a, b in pairs for value in differences(a.costs, b.costs)]),
    )


def _change(found: Ratio | None) -> str:
    """E.g. "-3.1 % (-3.4 % to -2.8 %)"."""
    if found is None:
        return "not"
    low, high = (math.expm1(bound) for bound in found.interval())
    return f"{math.expm1(found.mean):+.1%} ({low:+.1%} to {high:+.1%})"
