"""The loop: rounds of fresh deployments, blocks of shuffled trials, everything saved as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from bench.analysis.disturbed import Usual
from bench.deploy import Runtime
from bench.doctor.others import Others
from bench.live.progress import Reporter
from bench.live.watch import Watch
from bench.load.client import LoadDriver
from bench.model import MODELS, Failure, LoadModel, Plan, Trial
from bench.model.errors import StoreError, TimeIsUp
from bench.plan.blocks import block_models, scenarios_of, starting_order
from bench.plan.duration import EachS, expected_each_s, needs_pilot
from bench.plan.lengths import block_s, each_of, in_what, least_s, remeasured
from bench.plan.pages import for_pages
from bench.plan.said import change_in_words, time_in_words
from bench.run.again import Again
from bench.run.first import FirstAnswers
from bench.run.fitting import fitted, slowest_page_s
from bench.run.fleet import Fleet
from bench.run.limit import Limit
from bench.run.look import look_at
from bench.run.own_cost import AfterRound
from bench.run.pilot import needed_s
from bench.run.readback import Readback
from bench.run.seeding import seed
from bench.run.steady import Steady
from bench.run.trials import Trials
from bench.store import Writer

_IDLE_S = 0.5


class Runner:
    """Works through a plan.

    Args:
        saved: trials of an earlier, interrupted run.
        counts: whether one of these counts.
        first: what that has seen of first answers, and who takes it from these.
        others: looks who uses the machine from now on.
        after_round: is called as `OwnCosts.of_application`, once its servers have stopped.
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
        counts: Callable[[Trial], bool],
        first: FirstAnswers,
        others: Callable[[], Others],
        after_round: AfterRound,
        epoch_ns: int,
    ) -> None:
        self._plan = plan
        self._runtime = runtime
        self._driver = driver
        self._limit = Limit(plan, epoch_ns)
        self._over = False
        self._trials = Trials(driver, writer, saved, epoch_ns, self._limit.breaks_off_s)
        self._writer = writer
        self._reporter = reporter
        self._first = first
        self._asked = self._base = plan
        self._piloted = bool(saved) or not plan.claims
        waiting = {case.id for case in plan.cases if case.load.waits}
        self._waiting = [trial for trial in saved if counts(trial) and trial.case in waiting]
        self._again = Again(runtime, writer, reporter)
        self._readback = Readback(runtime, driver, writer)
        self._others = others
        self._after_round = after_round
        self._given_up: set[str] = set()
        self._measured = {trial.round for trial in saved}
        self._models = block_models(plan)
        rounds = {number: self._missing(number) for number in range(plan.counted_from, plan.rounds + 1)}
        self._watch = Watch(plan, reporter, {n: blocks for n, blocks in rounds.items() if blocks}, saved)

    def run(self) -> None:
        """Measure everything that isn't measured yet."""
        seed(self._plan, self._runtime, self._reporter)
        number = self._plan.counted_from
        while number <= self._plan.rounds:
            blocks = self._missing(number)
            if blocks and self._time_for(least_s(self._plan, self._watch.each_s)):
                try:
                    self._round(number, blocks)
                except TimeIsUp:
                    self._over = True
                longer_s = None if self._over else needed_s(self._plan, self._waiting)
                if longer_s is not None:
                    self._measure_again(number, longer_s)
            if self._over:
                last = number if number in self._measured else max(self._plan.counted_from, number - 1)
                self._end_after(last, f"--minutes {self._plan.minutes:g} are over")
            elif self._known_enough_after(number):
                self._end_after(number, "ratios are known well enough")
            number += 1

    def _end_after(self, number: int, why: str) -> None:
        self._plan = replace(self._plan, rounds=number)
        self._writer.append(plan=self._plan)
        self._reporter.phase(f"{why}: ending after round {number}")

    @property
    def unmeasured(self) -> list[int]:
        """The planned rounds without a single trial, unless `--minutes` left no time for them."""
        if self._over:
            return []
        return [n for n in range(self._plan.counted_from, self._plan.rounds + 1) if n not in self._measured]

    def _known_enough_after(self, number: int) -> bool:
        """Whether ratios are known as well as was asked; if not, as many rounds as it takes are planned."""
        if self._plan.until is None or number < max(self._measured, default=0):
            return False
        left_s = self._limit.left_s(self._plan)
        look = look_at(self._writer.directory, self._plan, number, left_s, self._watch.each_s)
        if look is None:
            return False
        self._plan = look.plan
        self._writer.append(plan=look.plan)
        rounds = {n: self._missing(n) for n in range(number + 1, look.plan.rounds + 1)}
        self._watch.looked(look.plan, rounds, look.known.half_width)
        return look.enough

    def _round(self, number: int, blocks: Sequence[int]) -> None:
        ordered = starting_order(self._plan, number)
        wanted = [d for d in ordered if d.name not in self._given_up]
        if not wanted:
            return
        others = self._others()
        fleet = Fleet(
            self._runtime,
            self._driver,
            number,
            self._first.learned,
            timeout_s=self._plan.timeout_s,
            failed=self._not_started,
        )
        try:
            with fleet:
                starting = self._watch.starting(number, wanted)
                fleet.start((d, scenarios_of(self._plan, d.name)) for d in starting)
                once = self._first.take(fleet)
                self._watch.started(fleet.members, fleet.failures, once=once)
                if not fleet.members:
                    return
                unfitted = needs_pilot(self._plan) or not self._piloted
                if unfitted:
                    self._expect_pages(number)
                with fleet.counting_peers():
                    self._trials.warm_up(self._plan, number, fleet)
                self._watch.warmed_up()
                fleet.read_warm()
                self._readback.look(number, fleet.targets())
                if number == 1:
                    fleet.read_idle_cpu(_IDLE_S)
                if unfitted:
                    self._pilot(number, fleet)
                    blocks = self._missing(number)
                self._watch.measuring(self._plan, fleet.members)
                self._blocks(number, blocks, fleet, others)
                self._readback.look(number, fleet.targets())
                self._again.name_others(number, fleet, others)
        finally:
            self._writer.append(deployments=fleet.records)
        self._after_round(number, self._plan, self._first.learned, self._limit.left_s(self._plan))
        self._watch.stopped()

    def _missing(self, number: int) -> list[int]:
        """The blocks of a round that want a trial yet."""
        return self._trials.missing(self._plan, self._models, number, self._given_up)

    def _expect_pages(self, number: int) -> None:
        """Plan for pages as slow as the first probes saw them, which not even the warm-up may overtax."""
        self._base, page_s = self._plan, slowest_page_s(self._first.learned)
        if page_s and self._plan.counted_from == 1:
            plan = for_pages(self._plan, page_s)
            self._change(number, plan, expected_each_s(plan), time_in_words(self._base, plan))

    def _pilot(self, number: int, fleet: Fleet) -> None:
        """Find what each case can do and how long its answers take, and correct the plan by it."""
        self._piloted = True

        def block(plan: Plan, index: int) -> list[Trial]:
            self._plan = plan
            trials = self._trials.pilot(plan, number, index, fleet)
            self._watch.piloted(len(trials))
            return trials

        last_s = self._limit.last_s(self._plan)
        targets = self._plan.runtime == "external"
        steady = Steady(partial(self._trials.longer, number, fleet), last_s, targets=targets)
        plan, each_s = fitted(
            self._base,
            self._plan,
            self._asked,
            block,
            planned_s=self._limit.planned_s,
            ends_s=last_s,
            each_s=lambda: self._watch.each_s,
            steady=steady,
        )
        self._change(number, plan, each_s, change_in_words(self._base, plan, rested=steady.slower))

    def _change(self, number: int, plan: Plan, each_s: EachS, why: str) -> None:
        """Go on by another plan, in a round whose servers are up."""
        self._plan = plan
        self._models = block_models(plan)
        self._writer.append(plan=plan)
        rounds = {n: self._missing(n) for n in range(number, plan.rounds + 1)}
        self._watch.changed(plan, rounds, each_s, why=why, in_round=True)

    def _measure_again(self, number: int, longer_s: float) -> None:
        """Rounds anew, with trials that can hold the slow answers seen by the end of this one.

        Where there is no time for that, what was measured stays, and its cases say so.
        """
        plan = remeasured(self._plan, self._asked, number, longer_s)
        each_s = each_of(plan, self._watch.each_s, longer_s)
        if not self._limit.allows_again(plan, self._asked, each_s):
            return
        before, self._plan = self._plan, plan
        self._limit.begin_again((plan.rounds - number) / self._asked.rounds)
        self._piloted = False
        self._again.usual = Usual()
        self._waiting.clear()
        self._writer.append(plan=plan)
        rounds = {n: self._missing(n) for n in range(number + 1, plan.rounds + 1)}
        why = f"{in_what(before, plan)}; what was measured so far doesn't count"
        self._watch.changed(plan, rounds, each_s, why=why, in_round=False)

    def _blocks(self, number: int, blocks: Sequence[int], fleet: Fleet, others: Others) -> None:
        """A round's blocks, and those again that the machine has spoiled, with the same requests: a server
        that stalls again does so because of them, so the second try counts.
        """
        self._again.usual.begin_round()
        models = {block: self._models[block] for block in blocks}
        waiting = [(block, block) for block in blocks]
        unused = self._trials.unused(number, len(self._models))
        once = set(models)
        while waiting:
            block, requests = waiting.pop(0)
            model = models[block]
            if not self._time_for(block_s(self._plan, self._watch.each_s, model)):
                return
            trials = self._block(number, block, requests, model, fleet)
            for spoiled, why in self._again.spoiled(block, model, trials).items():
                again = models[spoiled]
                if spoiled not in once or not self._again.allow(
                    self._plan, self._watch.each_s, self._models, again
                ):
                    continue
                once.discard(spoiled)
                self._again.leave_out(number, spoiled, why, fleet, others)
                self._waiting = [t for t in self._waiting if (t.round, t.block) != (number, spoiled)]
                self._watch.repeated(again)
                models[unused] = again
                waiting.append((unused, spoiled))
                unused += 1

    def _block(self, number: int, block: int, requests: int, model: LoadModel, fleet: Fleet) -> list[Trial]:
        """One block, with the order and the requests of another one where it stands in for that."""
        trials = self._trials.measure(self._plan, number, block, requests, model, fleet)
        if trials:
            self._measured.add(number)
        fleet.read_processes()
        dead = fleet.remove_dead()
        self._note(dead)
        if any(trial.failed or not trial.ok for trial in trials) and self._runtime.how_store_ended():
            raise StoreError("Redis has ended.")
        self._waiting += trials if MODELS[model].waits else []
        self._watch.measured(model, trials)
        self._watch.failed(dead)
        return trials

    def _time_for(self, seconds: float) -> bool:
        """Whether `--minutes` leave so much."""
        self._over = not self._limit.leaves(self._plan, seconds)
        return not self._over

    def _not_started(self, failure: Failure) -> None:
        self._note([failure])
        self._watch.failed([failure])

    def _note(self, failures: Sequence[Failure]) -> None:
        if failures:
            self._given_up |= {failure.deployment for failure in failures}
            self._writer.append(failures=failures)
