"""The trials of one block: ordered from the load driver, one after the other, and saved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bench.deploy.logs import shorten
from bench.load.client import LoadDriver
from bench.machine.counters import difference
from bench.model import Case, LoadModel, Plan, Trial, TrialOrder
from bench.plan.blocks import block_orders
from bench.plan.duration import pilot_blocks
from bench.run.fleet import Fleet
from bench.store import Writer

# Blocks that don't count have numbers below 0.
_WARM_UP = -1
_PILOT = -2


@dataclass(frozen=True)
class _Before:
    """What a case's first trial of a round has from before it.

    Attributes:
        fresh, unserved: of the warm-up, in which the connections that it keeps were opened.
        sent: of the warm-up and the pilot.
    """

    fresh: int = 0
    unserved: int = 0
    sent: int = 0


class Trials:
    """Has the driver run the trials of a block against the deployments that are up.

    Args:
        saved: trials of an earlier, interrupted run: they aren't run again.
        epoch_ns: monotonic time from which trials count their `at_s`.
        ends_s: monotonic time after which no trial is waited for; None without `--minutes`.
    """

    def __init__(
        self,
        driver: LoadDriver,
        writer: Writer,
        saved: Sequence[Trial],
        epoch_ns: int,
        ends_s: float | None = None,
    ) -> None:
        self._driver = driver
        self._writer = writer
        self._done = {(trial.round, trial.block, trial.case) for trial in saved}
        self._epoch_ns = epoch_ns
        self._ends_s = ends_s
        self._before: dict[str, _Before] = {}

    def missing(
        self, plan: Plan, models: Sequence[LoadModel], number: int, given_up: Collection[str]
    ) -> list[int]:
        """The blocks of a round that want a trial yet.

        Args:
            models: of each block of a round, as `block_models` gives them.
            given_up: deployments that are measured no more.
        """
        return [
            block
            for block, model in enumerate(models)
            if any(
                (number, block, case.id) not in self._done
                for case in plan.cases
                if case.load.model == model and case.deployment not in given_up and case.id not in plan.beyond
            )
        ]

    def unused(self, number: int, planned: int) -> int:
        """The lowest number that no block of a round has, of which so many are planned."""
        return max([planned - 1, *(block for n, block, _ in self._done if n == number)]) + 1

    def warm_up(self, plan: Plan, number: int, fleet: Fleet) -> None:
        """Closed load that counts for nothing, so that caches, pools and interpreters are warm; none where
        trials settle for longer than that.
        """
        self._before = {}
        if not plan.warmup_s:
            return
        orders = [
            replace(order, length_s=plan.warmup_s, settle_s=0.0)
            for order in self._orders(plan, number, _WARM_UP, None, fleet)
        ]
        self._before = {
            trial.case: _Before(trial.fresh or 0, trial.unserved, trial.sent or 0)
            for trial in self._driver.block(orders, self._ends_s)
        }

    def pilot(self, plan: Plan, number: int, index: int, fleet: Fleet) -> list[Trial]:
        """A block of closed load that corrects the plan and counts for nothing else; `index` from 0."""
        orders = self._orders(plan, number, _PILOT - index, None, fleet)
        trials = list(self._driver.block(orders, self._ends_s))
        for trial in trials:
            before = self._before.get(trial.case, _Before())
            self._before[trial.case] = replace(before, sent=before.sent + (trial.sent or 0))
        return trials

    def longer(self, number: int, fleet: Fleet, plan: Plan) -> list[Trial]:
        """One more, as another plan has it."""
        return self.pilot(plan, number, pilot_blocks(plan), fleet)

    def measure(
        self, plan: Plan, number: int, block: int, requests: int, model: LoadModel, fleet: Fleet
    ) -> list[Trial]:
        """Measure a block and save it; what an exception leaves of it is saved, too.

        Args:
            requests: the block whose order and requests it has: itself, or the one that it stands in for.
        """
        trials: list[Trial] = []
        deployments = {case.id: case.deployment for case in plan.cases}
        orders = [
            replace(order, block=block)
            for order in self._orders(plan, number, requests, model, fleet)
            if (number, block, order.case) not in self._done
        ]
        refused = {name: fleet.read_listen(name) for name in fleet.members}
        try:
            for trial in self._driver.block(orders, self._ends_s):
                name = deployments[trial.case]
                before, refused[name] = refused[name], fleet.read_listen(name)
                trial = replace(trial, host={**trial.host, **difference(before, refused[name])})
                trials.append(self._with_what_came_before(trial))
        finally:
            self._writer.append(trials=trials)
        shorten(self._writer.directory)
        return trials

    def _with_what_came_before(self, trial: Trial) -> Trial:
        before = self._before.pop(trial.case, _Before())
        return replace(
            trial,
            fresh=(trial.fresh or 0) + before.fresh,
            unserved=trial.unserved + before.unserved,
            sent=(trial.sent or 0) + before.sent,
        )

    def _orders(
        self, plan: Plan, number: int, block: int, model: LoadModel | None, fleet: Fleet
    ) -> list[TrialOrder]:
        return block_orders(plan, _ready(plan, model, fleet), number, block, self._epoch_ns)


def _ready(plan: Plan, model: LoadModel | None, fleet: Fleet) -> list[Case]:
    """The cases of a load model that can be measured now; without one all whose users wait."""
    return [
        case
        for case in plan.cases
        if case.deployment in fleet.members
        and case.id not in plan.beyond
        and (case.load.waits if model is None else case.load.model == model and case.load.ready)
    ]
