"""A whole run in virtual time: the harness's own runner, with servers and a driver whose times are known.

Nothing sleeps: whatever takes time moves a clock on, which stands in for the machine's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from bench.analysis import analyse
from bench.catalogue.registry import app_from_callable
from bench.catalogue.scenarios import SCENARIOS
from bench.deploy.external import target_server
from bench.doctor.others import Others
from bench.load.protocol import Probed
from bench.load.records import encode
from bench.machine.place import HERE
from bench.model import (
    Analysis,
    Deployment,
    Learned,
    Plan,
    Server,
    Suite,
    Target,
    Trial,
    TrialOrder,
    UsageSource,
)
from bench.model.errors import TimeIsUp
from bench.plan.layout import PROFILES, make_plan
from bench.run.first import FirstAnswers
from bench.run.runner import Runner
from bench.store import Writer, load
from proof.virtual import closed_loop
from proof.virtual.suite import answered, planned

START_S, STOP_S = 0.8, 0.3
_SECOND = 1_000_000_000
_MOOD = 0.03
_SLOW_SHARE = 0.01


@dataclass
class Page:
    """What a server takes for its page.

    Attributes:
        seconds: while nothing else is asked.
        at_once: how many are answered at a time.
        hangs_after_s: time of the clock from which nothing is answered any more.
        slow_s, slow_after_s: what one answer in a hundred takes from this time of the clock on.
    """

    seconds: float
    at_once: int
    hangs_after_s: float = 1e9
    slow_s: float = 0.0
    slow_after_s: float = 1e9


@dataclass
class Stage:
    """Deploys and loads in virtual time: a runtime and a driver in one, as far as the runner asks for them.

    Attributes:
        now_s: of the clock.
        said: what the reporter was told.
        stopped_s: when servers were stopped last.
    """

    pages: Mapping[str, Page]
    seed: int = 1
    now_s: float = 1000.0
    stopped_s: float = 0.0
    said: list[str] = field(default_factory=list)
    name = "local"
    place = HERE
    live = False

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    # A runtime.

    def start(self, deployment: Deployment) -> Target:
        self.now_s += START_S
        return Target(deployment.name, "http://127.0.0.1:1", UsageSource("none"))

    def stop(self, targets: Sequence[Target]) -> set[str]:
        self.now_s += STOP_S
        self.stopped_s = self.now_s
        return {target.deployment for target in targets}

    def alive(self, _target: Target) -> bool:
        return True

    def memory_bytes(self, _target: Target) -> tuple[None, None]:
        return None, None

    def processes(self) -> Sequence[int]:
        return ()

    def nothing(self, *_arguments: Any) -> None:
        return None

    asked = how_store_ended = image_bytes = reset = store_address = store_usage = confinement = nothing

    # A driver.

    def set_targets(self, *_arguments: Any) -> None:
        pass

    def idle_cpu(self, seconds: float) -> Mapping[str, float | None]:
        self.now_s += seconds
        return {}

    def probe(self, target: str, scenario: str, _database: int | None, _timeout_s: float) -> Probed:
        page = self._page(target)
        self.now_s += page.seconds
        learned = Learned(
            target, scenario, "get", "GET /", 3, 200, "text/plain", None, 13, 13, answer_s=page.seconds
        )
        if not any(known.deployment == target for known in self._learned):
            self.now_s += max(1.0, 2 * page.seconds)
            self._learned.append(learned)
        return Probed(True, 0.0, "", "", learned=(learned,))

    _learned: list[Learned] = field(default_factory=list)

    def block(self, orders: Sequence[TrialOrder], ends_s: float | None = None) -> Iterator[Trial]:
        for order in orders:
            page = self._page(order.target)
            trial, took_s = (self._closed if order.load.waits else self._open)(order, page)
            if self.now_s + took_s > page.hangs_after_s:
                took_s = order.most_s()
            if ends_s is not None and self.now_s + took_s > ends_s:
                self.now_s = ends_s
                raise TimeIsUp("no time was left")
            self.now_s += took_s
            yield trial

    def _page(self, deployment: str) -> Page:
        return self.pages[deployment.split(".")[0].removesuffix("-twin")]

    def _draw(self, page: Page) -> closed_loop.Draw:
        mood = page.seconds * self._random.lognormvariate(0, _MOOD)
        slow = self.now_s > page.slow_after_s
        return lambda rng: (
            page.slow_s if slow and rng.random() < _SLOW_SHARE else mood * rng.uniform(0.97, 1.03)
        )

    def _closed(self, order: TrialOrder, page: Page) -> tuple[Trial, float]:
        window, counted = closed_loop.trial(
            self._draw(page),
            self._random,
            users=order.load.at_once,
            threads=page.at_once,
            length_s=order.length_s,
            settle_s=order.settle_s,
        )
        times_ns = counted.begun.done - counted.begun.sent
        late = int((times_ns > order.timeout_s * _SECOND).sum())
        trial = replace(
            answered(order, len(counted.outcome)),
            duration_s=(window.closed - window.opened) / 1e9,
            answers=counted.answers,
            ok=len(counted.outcome) - late,
            unfinished=late,
            begun=len(times_ns),
            mean_s=counted.begun.mean_s(),
            histograms={"latency/get": encode(times_ns)} if len(times_ns) else {},
        )
        # Users go on until each was answered again, and what they asked last is drained.
        most_s = float(times_ns.max(initial=0)) / 1e9
        return trial, window.closed / 1e9 + min(max(1.0, order.settle_s), most_s) + most_s

    def _open(self, order: TrialOrder, page: Page) -> tuple[Trial, float]:
        """First come, first served by so many threads."""
        due_s = (
            np.array(
                order.load.due(round((order.settle_s + order.length_s) * 1e9), self._random.getrandbits(32))
            )
            / 1e9
        )
        free, draw, done = [0.0] * page.at_once, self._draw(page), []
        for at in due_s:
            first = min(range(len(free)), key=free.__getitem__)
            free[first] = max(free[first], float(at)) + draw(self._random)
            done.append(free[first])
        counts = due_s > order.settle_s
        times_ns = np.rint((np.array(done) - due_s)[counts] * 1e9).astype(np.int64)
        encoded = (
            {"latency/get": encode(times_ns), "lateness/all": encode(times_ns * 0)} if len(times_ns) else {}
        )
        trial = replace(answered(order, int(counts.sum())), histograms=encoded)
        return trial, max([order.settle_s + order.length_s, *done])

    # A reporter.

    def say(self, text: str) -> None:
        self.said.append(f"{self.now_s - 1000:6.1f} {text}")

    phase = notice = problem = say


@dataclass(frozen=True)
class Outcome:
    """What a run ended with."""

    suite: Suite
    analysis: Analysis
    took_s: float
    said: Sequence[str]


def servers(names: Sequence[str], threads: int = 4) -> list[Server]:
    return [replace(target_server(name, "http://127.0.0.1:1"), workers=1, threads=threads) for name in names]


def plan_of(names: Sequence[str], profile: str = "standard", **asked: Any) -> Plan:
    """A plan of `GET /` of somebody's application behind these servers, and the twin of the first."""
    app = app_from_callable("shop:application")
    return make_plan(
        PROFILES[profile], "local", servers(names), [(app, SCENARIOS["get"])], seed=1, rate=None, **asked
    )


def run(plan: Plan, stage: Stage, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Run a plan, and read what was saved of it."""
    monkeypatch.setattr(time, "monotonic", lambda: stage.now_s)
    monkeypatch.setattr(time, "sleep", stage.nothing)
    reporter: Any = stage
    suite = replace(planned(1), plan=plan)
    began_s = stage.now_s
    with Writer.create(directory, suite, analyse) as writer:
        Runner(
            plan,
            reporter,
            reporter,
            writer,
            reporter,
            saved=(),
            counts=lambda _trial: True,
            first=FirstAnswers(writer, (), None),
            others=Others,
            after_round=lambda *_: None,
            epoch_ns=round(began_s * _SECOND),
        ).run()
        writer.finish(complete=True, finished="2026-01-01T01:00:00+00:00")
    monkeypatch.undo()
    saved = load(directory)
    return Outcome(saved, analyse(saved), stage.stopped_s - began_s, stage.said)
