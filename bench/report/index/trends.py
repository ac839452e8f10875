"""Each server's figures over the runs that may be compared, and what changed between neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.analysis.compare.match import SAME_RATE
from bench.analysis.compare.surroundings import Difference, differences
from bench.analysis.figures import ranking
from bench.analysis.groups import group_of
from bench.analysis.trend import Point, Step, steps
from bench.model import Case, Comparison, Load
from bench.model.secrets import digest_in
from bench.report.index.stored import IndexedRun
from bench.store import Outline

NEWEST = 50
"""Older runs are in the list only."""

FEWEST = 10
DRAWN = 5_000
"""Points on the page: where there are many trends, each has fewer runs, but not less than `FEWEST`."""

_Place = tuple[IndexedRun, Point]


@dataclass(frozen=True)
class Circumstances:
    """What runs must have in common to be compared.

    Attributes:
        outline: of the oldest run; machine, profile, runtime and client are the same in all.
        case: one of the oldest run; servers may differ, and rates by less than `SAME_RATE`.
    """

    outline: Outline
    case: Case

    @property
    def name(self) -> str:
        """In words, e.g. "shortly, mixed, closed load of 16 users"."""
        return group_of(self.case)


@dataclass(frozen=True)
class Stage:
    """One run in a trend.

    Attributes:
        step: from the last run before that can be compared; None where there is none.
        against: that run.
        changed: what else is not as in that run.
    """

    run: IndexedRun
    point: Point
    step: Comparison | None
    against: IndexedRun | None
    changed: tuple[Difference, ...]


@dataclass(frozen=True)
class Trend:
    """One figure of one server.

    Attributes:
        figure: its name.
        stages: oldest first, two at least.
        older: how many runs before them are left out.
    """

    circumstances: Circumstances
    server: str
    figure: str
    stages: tuple[Stage, ...]
    older: int


def follow(runs: Iterable[IndexedRun]) -> tuple[Trend, ...]:
    """All trends there are, those with the newest run first; a figure that only one run has makes none."""
    oldest_first = sorted(runs, key=lambda run: (run.started, run.directory))
    series = [
        (circumstances, server, points)
        for circumstances, places in _by_circumstances(oldest_first)
        for server, points in _by_server(places).items()
        if len(points) > 1 and any(point.effect for _, point in points)
    ]
    series.sort(key=lambda trend: trend[2][-1][0].started, reverse=True)
    runs_each = max(FEWEST, min(NEWEST, DRAWN // max(1, len(series))))
    shown = [points[-runs_each:] for _, _, points in series]
    taken = steps([[point for _, point in points] for points in shown])
    return tuple(
        Trend(
            circumstances,
            server,
            newest[0][1].figure,
            _stages(server, newest, moved),
            len(points) - len(newest),
        )
        for (circumstances, server, points), newest, moved in zip(series, shown, taken, strict=True)
    )


def _by_circumstances(oldest_first: Iterable[IndexedRun]) -> list[tuple[Circumstances, list[_Place]]]:
    by_circumstances: dict[object, list[tuple[Circumstances, list[_Place]]]] = {}
    for run in oldest_first:
        for point in run.points:
            case = point.case
            asks = digest_in(run.outline.plan.scenarios, case.scenario)
            key = (_circumstances(run.outline), case.app, case.scenario, asks, replace(case.load, rate=None))
            alike = by_circumstances.setdefault(key, [])
            places = next(
                (places for circumstances, places in alike if _same_rate(circumstances.case.load, case.load)),
                None,
            )
            if places is None:
                places = []
                alike.append((Circumstances(run.outline, case), places))
            places.append((run, point))
    return [pair for alike in by_circumstances.values() for pair in alike]


def _circumstances(run: Outline) -> tuple[object, ...]:
    environment, plan = run.environment, run.plan
    machine = (environment.host, environment.cpu_model, environment.cpus)
    return (*machine, plan.profile, plan.runtime, plan.client, plan.locust)


def _same_rate(a: Load, b: Load) -> bool:
    if a.rate is None or b.rate is None:
        return a.rate == b.rate
    return abs(a.rate - b.rate) < SAME_RATE * max(a.rate, b.rate)


def _by_server(places: Sequence[_Place]) -> dict[str, list[_Place]]:
    """By one figure for all servers: the first of `ranking` that every valid case has, else the last."""
    *others, last = (figure.name for figure in ranking(places[0][1].case.load.loop))
    lacking = {point.figure for _, point in places if not point.reasons and not point.usable}
    wanted = next((name for name in others if name not in lacking), last)
    by_server: dict[str, list[_Place]] = {}
    for run, point in places:
        if point.figure == wanted:
            by_server.setdefault(point.case.server, []).append((run, point))
    return by_server


def _stages(server: str, places: Sequence[_Place], moved: Mapping[int, Step]) -> tuple[Stage, ...]:
    stages = []
    for number, (run, point) in enumerate(places):
        step = moved.get(number)
        if step is None:
            stages.append(Stage(run, point, None, None, ()))
            continue
        against, _ = places[step.against]
        changed = differences(_of_server(against.outline, server), _of_server(run.outline, server))
        stages.append(Stage(run, point, step.comparison, against, changed))
    return tuple(stages)


def _of_server(run: Outline, server: str) -> Outline:
    """Without the settings of the other servers."""
    deployments = tuple(deployment for deployment in run.plan.deployments if deployment.label == server)
    return replace(run, plan=replace(run.plan, deployments=deployments))
