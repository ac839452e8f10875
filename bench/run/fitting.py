"""The plan of a run once its first round's servers are up: by how long pages take, and by its pilot."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from bench.model import Learned, Plan, Trial
from bench.plan.duration import EachS, expected_each_s, is_slow
from bench.plan.lengths import corrected
from bench.plan.pages import for_pages, parallel_seen, pilot_plan
from bench.run.pilot import Block, pilot
from bench.run.steady import Steady


def slowest_page_s(learned: Sequence[Learned]) -> float:
    """How long the slowest page takes while nothing else is asked, of servers in the middle; 0 where that
    isn't known.
    """
    pages: dict[tuple[str, str], list[float]] = {}
    for page in learned:
        if page.answer_s:
            pages.setdefault((page.scenario, page.endpoint), []).append(page.answer_s)
    return max((median(times_s) for times_s in pages.values()), default=0.0)


def fitted(
    base: Plan,
    expected: Plan,
    asked: Plan,
    block: Block,
    *,
    planned_s: Callable[[Plan], float],
    ends_s: float | None,
    each_s: Callable[[], EachS],
    steady: Steady | None = None,
) -> tuple[Plan, EachS]:
    """The plan by what its pages and its pilot take, and seconds for one of each part.

    Args:
        base: as it was before it was known how long pages take.
        expected: as it was made for these.
        asked: as the run began.
        block: runs one of the pilot.
        planned_s: seconds that are left of what such a plan takes, without `--minutes`.
        ends_s: monotonic time at which the last trial must have ended; None without `--minutes`.
        each_s: seconds for one of each part as measured by now; the pilot's trials are of closed load.
        steady: see `pilot`.
    """

    def left_s(plan: Plan) -> float:
        return planned_s(plan) if ends_s is None else ends_s - time.monotonic()

    def for_these(rated: Plan, parallel: float) -> tuple[Plan, EachS]:
        start = {"start": each_s()["start"]}
        plan = for_pages(rated, expected.page_s, parallel, left_s=left_s(expected), each_s=start)
        return plan, {**expected_each_s(plan), **start}

    if is_slow(expected) and base.counted_from == 1:
        return for_these(base, _parallel(expected, block(pilot_plan(expected), 0)))
    piloted, found_rps = pilot(expected, block, ends_s, steady)
    # Where some answers are much slower than others, these decide, and not what a page takes usually.
    if expected.page_s and not piloted.settle_s and found_rps:
        rated = replace(base, cases=piloted.cases, beyond=piloted.beyond)
        return for_these(rated, min(_of_most(piloted, found_rps)) * expected.page_s)
    return corrected(piloted, asked, each_s(), left_s(asked))


def _of_most(plan: Plan, found_rps: Mapping[str, float]) -> Sequence[float]:
    """What the pilot found of the servers that can keep up with the open rate: the others are left out, so
    that one slow server doesn't make all servers' trials longer.
    """
    deployments = {case.id: case.deployment for case in plan.cases}
    beyond = {deployments[id_] for id_ in plan.beyond}
    return [rps for id_, rps in found_rps.items() if deployments[id_] not in beyond]


def _parallel(plan: Plan, trials: Sequence[Trial]) -> float:
    """How many pages are answered at a time; one, where no trial says so."""
    users = {case.id: case.load.at_once for case in plan.cases}
    return max(
        (parallel_seen(plan, users[t.case], t.answers / t.duration_s) for t in trials if t.duration_s),
        default=1.0,
    )
