"""The loop: rounds of fresh deployments, blocks of shuffled trials, everything saved as it comes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from bench.analysis import analyse, sure_enough
from bench.analysis.verdict import MAX_ERROR_RATE
from bench.blocks import block_models, block_orders, starting_order
from bench.counters import difference
from bench.deploy import Runtime
from bench.duration import PILOT_BLOCKS, needs_pilot
from bench.fleet import Fleet
from bench.load.client import LoadDriver
from bench.model import Case, Failure, Plan, Trial, TrialOrder
from bench.plan import with_open_rates
from bench.progress import Reporter
from bench.store import Writer, load
from bench.watch import Watch

_WARM_UP = -1
_PILOT = -2
_IDLE_S = 0.5
_SET_POINTS = (0.5, 0.75)


class Runner:
    """Works through a plan.

    Args:
        saved: trials of an earlier, interrupted run.
        epoch_ns: monotonic time from which trials count their `at_s`.
    """

    def __init__(
        self,
        plan: Plan,
        runtime: Runtime,
        driver: LoadDriver,
        writer: Writer,
        reporter: Reporter,
        *,
        saved: Sequence[Trial],
        epoch_ns: int,
    ) -> None:
        self._plan = plan
        self._runtime = runtime
        self._driver = driver
        self._writer = writer
        self._reporter = reporter
        self._done = {(trial.round, trial.block, trial.case) for trial in saved}
        self._epoch_ns = epoch_ns
        self._given_up: set[str] = set()
        self._measured = {trial.round for trial in saved}
        self._models = block_models(plan)
        self._deployment_of = {case.id: case.deployment for case in plan.cases}
        rounds = {number: self._missing(number) for number in range(1, plan.rounds + 1)}
        self._watch = Watch(plan, reporter, {n: blocks for n, blocks in rounds.items() if blocks}, saved)

    def run(self) -> None:
        """Measure everything that isn't measured yet."""
        self._seed()
        for number in range(1, self._plan.rounds + 1):
            blocks = self._missing(number)
            if blocks:
                self._round(number, blocks)
            if self._sure_enough_after(number):
                self._plan = replace(self._plan, rounds=number)
                self._writer.append(plan=self._plan)
                self._reporter.phase(f"every interval is narrow enough: ending after round {number}")
                return

    @property
    def unmeasured(self) -> list[int]:
        """The planned rounds without a single trial."""
        return [n for n in range(1, self._plan.rounds + 1) if n not in self._measured]

    def _sure_enough_after(self, number: int) -> bool:
        """Looked at only at set points: whoever looks all the time stops at a lucky moment."""
        within, rounds = self._plan.stop_within, self._plan.rounds
        if within is None or number not in {round(rounds * share) for share in _SET_POINTS}:
            return False
        return sure_enough(analyse(load(self._writer.directory)), within)

    def _seed(self) -> None:
        """Fill the template database, once for the run: every other is copied from it."""
        for deployment in self._plan.deployments:
            if deployment.app.seed:
                self._reporter.phase(f"storing what {deployment.app.name} is measured with")
                self._runtime.seed(deployment)
                return

    def _round(self, number: int, blocks: Sequence[int]) -> None:
        ordered = starting_order(self._plan.deployments, number)
        wanted = [d for d in ordered if d.name not in self._given_up]
        if not wanted:
            return
        fleet = Fleet(self._runtime, self._driver, number)
        try:
            with fleet:
                fleet.start((d, self._scenarios(d.name)) for d in self._watch.starting(number, wanted))
                self._note(fleet.failures)
                self._watch.started(fleet.members, fleet.failures)
                if not fleet.members:
                    return
                self._warm_up(number, fleet)
                self._watch.warmed_up()
                fleet.read_idle_memory()
                if number == 1:
                    fleet.read_idle_cpu(_IDLE_S)
                if needs_pilot(self._plan):
                    self._pilot(number, fleet)
                self._watch.measuring(self._plan, fleet.members)
                for block in blocks:
                    self._block(number, block, fleet)
        finally:
            self._writer.append(deployments=fleet.records)
        self._watch.stopped()

    def _missing(self, number: int) -> list[int]:
        """The blocks of a round that want a trial yet."""
        return [
            block
            for block, model in enumerate(self._models)
            if any(
                (number, block, case.id) not in self._done
                for case in self._plan.cases
                if case.load.model == model and case.deployment not in self._given_up
            )
        ]

    def _scenarios(self, deployment: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.scenario for c in self._plan.cases if c.deployment == deployment))

    def _warm_up(self, number: int, fleet: Fleet) -> None:
        """Closed load that counts for nothing, so that caches, pools and interpreters are warm."""
        orders = [
            replace(order, length_s=self._plan.warmup_s) for order in self._orders(number, _WARM_UP, fleet)
        ]
        for _ in self._driver.block(orders):
            pass

    def _pilot(self, number: int, fleet: Fleet) -> None:
        """Find what each case can do, to set the rate of open load for all."""
        rates: dict[str, list[float]] = {}
        for block in range(min(PILOT_BLOCKS, self._plan.blocks)):
            for trial in self._driver.block(self._orders(number, _PILOT - block, fleet)):
                if trial.answers and trial.failed <= MAX_ERROR_RATE * trial.ok:
                    rates.setdefault(trial.case, []).append(trial.answers / trial.duration_s)
        self._plan = with_open_rates(self._plan, {case: statistics.median(r) for case, r in rates.items()})
        self._writer.append(plan=self._plan)

    def _block(self, number: int, block: int, fleet: Fleet) -> None:
        trials: list[Trial] = []
        orders = [o for o in self._orders(number, block, fleet) if (number, block, o.case) not in self._done]
        refused = {name: fleet.read_listen(name) for name in fleet.members}
        try:
            for trial in self._driver.block(orders):
                name = self._deployment_of[trial.case]
                before, refused[name] = refused[name], fleet.read_listen(name)
                trials.append(replace(trial, host={**trial.host, **difference(before, refused[name])}))
        finally:
            self._writer.append(trials=trials)
        if trials:
            self._measured.add(number)
        dead = fleet.remove_dead()
        self._note(dead)
        self._watch.measured(self._models[block], trials)
        self._watch.failed(dead)

    def _orders(self, number: int, block: int, fleet: Fleet) -> list[TrialOrder]:
        model = self._models[block] if block >= 0 else "closed"
        return block_orders(self._plan, self._cases(model, fleet), number, block, self._epoch_ns)

    def _cases(self, model: str, fleet: Fleet) -> list[Case]:
        """The cases that can be measured now; an open one needs a rate."""
        return [
            case
            for case in self._plan.cases
            if case.deployment in fleet.members
            and case.load.model == model
            and (model == "closed" or case.load.rate is not None)
        ]

    def _note(self, failures: Sequence[Failure]) -> None:
        if failures:
            self._given_up |= {failure.deployment for failure in failures}
            self._writer.append(failures=failures)
