"""Follows a run for those who look on: what each case does and has reached, and how long the rest takes.

It is called between blocks only, where nothing is measured.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.analysis.groups import group_of
from bench.live.progress import Reporter
from bench.live.running_figures import RunningFigures, load_in_words
from bench.live.screen import Line, Screen, State
from bench.model import MODELS, Deployment, Failure, LoadModel, Plan, Trial
from bench.model.counted import count
from bench.model.digits import plus_minus
from bench.plan.blocks import block_models
from bench.plan.duration import EachS, Pace, Part, Parts, in_words, learned_pages, needs_pilot, pilot_trials

_REDRAW_S = 2.0
_LOG_LINES = 5


class Watch:
    """What is known of a run so far.

    Args:
        rounds: the blocks that are still to be measured, by round.
        saved: trials that an earlier, interrupted run has saved.
    """

    def __init__(
        self, plan: Plan, reporter: Reporter, rounds: Mapping[int, Sequence[int]], saved: Iterable[Trial]
    ) -> None:
        self._plan = plan
        self._external = plan.runtime == "external"
        self._reporter = reporter
        self._lay_out(rounds)
        saved = tuple(saved)
        self._to_learn = not saved
        self._foreseen = plan.until is None
        self._began_s = time.monotonic()
        self._pace = Pace(plan, self._began_s)
        self._states: dict[str, State] = {deployment.name: "waiting" for deployment in plan.deployments}
        self._figures_so_far = RunningFigures(plan)
        for trial in saved:
            self._figures_so_far.add(trial)
        self._number = 0
        self._phase = ""
        self._failure: tuple[str, ...] = ()
        self._drawn_s = 0.0

    def _lay_out(self, rounds: Mapping[int, Sequence[int]]) -> None:
        models = block_models(self._plan)
        left = [models[block] for blocks in rounds.values() for block in blocks]
        counted = self._plan.counted_rounds
        self._blocks = counted * len(models)
        # How often each part is still to come, for all servers at once.
        self._left: dict[Part, int] = {
            "start": len(rounds),
            "warm-up": len(rounds),
            "pilot": min(1, len(rounds)) if needs_pilot(self._plan) else 0,
            "stop": len(rounds),
            **{model: left.count(model) for model in MODELS},
        }

    def changed(
        self,
        plan: Plan,
        rounds: Mapping[int, Sequence[int]],
        each_s: EachS,
        *,
        why: str,
        in_round: bool,
    ) -> None:
        """The plan was corrected by what its trials took.

        Args:
            rounds: the blocks that are still to be measured, by round.
            each_s: seconds for one of each part, from now on.
            why: what is said of it, before the time that is left; empty for nothing.
            in_round: whether the first of these rounds has its servers up already.
        """
        if plan.cases != self._plan.cases:
            self._figures_so_far = RunningFigures(plan)
        self._plan = plan
        self._lay_out(rounds)
        if in_round:
            self._left["start"] -= 1
            self._left["warm-up"] -= 1
        self._pace.expect(each_s)
        if why:
            self._reporter.notice(f"{why}; {self._time_left()}")

    def looked(self, plan: Plan, rounds: Mapping[int, Sequence[int]], half_width: float) -> None:
        """It was looked at how well ratios are known, after a round.

        Args:
            plan: with as many rounds as it seems to take.
            rounds: the blocks that are still to be measured, by round.
            half_width: of the widest interval, as a fraction.
        """
        self._plan = plan
        self._foreseen = True
        self._lay_out(rounds)
        assert plan.until is not None, "nobody looks otherwise"
        said = (
            f"Round {plan.rounds - len(rounds)}: ratios known to {plus_minus(half_width)}, "
            f"asked ±{plan.until * 100:g} %"
        )
        self._reporter.notice(f"{said}; {self._time_left()}" if rounds else said)

    def repeated(self, model: LoadModel) -> None:
        """A block is measured again."""
        self._left[model] += 1

    @property
    def each_s(self) -> EachS:
        """Seconds for one of each part, as far as measured."""
        return self._pace.each_s

    def starting(self, number: int, wanted: Sequence[Deployment]) -> Iterator[Deployment]:
        """A round begins: its deployments in turn, each shown as it is started."""
        self._number = number
        self._states |= {deployment.name: "waiting" for deployment in wanted}
        self._say(f"{'asking' if self._external else 'starting'} {self._counted(len(wanted))}")
        self._pace.skip(time.monotonic())
        for deployment in wanted:
            self._states[deployment.name] = "starting"
            self._draw()
            yield deployment
            if self._states[deployment.name] == "starting":
                self._states[deployment.name] = "waiting"

    def started(self, members: Iterable[str], failures: Sequence[Failure], *, once: bool = False) -> None:
        """The warm-up follows.

        Args:
            failures: what didn't start; each was told to `failed`.
            once: whether something was done meanwhile that is done once in a run.
        """
        names = list(members)
        # How long one was waited for that doesn't come up says nothing of the others, nor does what is done
        # once: pages are learned, the load generator is calibrated.
        self._end_of("start", 0 if failures or once else len(names))
        self._to_learn = False
        self._states |= dict.fromkeys(names, "warming up")
        self._draw()

    def warmed_up(self) -> None:
        """The pilot follows, in the first round."""
        self._end_of("warm-up", self._waiting())

    def piloted(self, trials: int) -> None:
        """So many trials have shown what the application takes."""
        self._end_of("pilot", trials)

    def measuring(self, plan: Plan, members: Iterable[str]) -> None:
        """The blocks of a round follow.

        Args:
            plan: with the rates that the pilot found.
        """
        self._plan = plan
        names = list(members)
        self._pace.skip(time.monotonic())
        self._states |= dict.fromkeys(names, "measuring")
        self._say(f"measuring {self._counted(len(names))}")

    def measured(self, model: LoadModel, trials: Sequence[Trial]) -> None:
        """A block has ended."""
        self._end_of(model, len(trials))
        for trial in trials:
            self._figures_so_far.add(trial)
        if time.monotonic() - self._drawn_s >= _REDRAW_S:
            self._draw()

    def failed(self, failures: Sequence[Failure]) -> None:
        """These servers are out of the run."""
        for failure in failures:
            self._states[failure.deployment] = "failed"
            self._failure = (
                f"{failure.deployment}{self._address(failure.deployment)} failed: {failure.reason}",
                *failure.log[-_LOG_LINES:],
            )
            self._reporter.problem("\n    ".join(self._failure))
            self._draw()

    def _counted(self, number: int) -> str:
        return count(number, "target" if self._external else "server")

    def _address(self, name: str) -> str:
        """Where a target is, which somebody else has started."""
        urls = (d.server.environment.get("URL", "") for d in self._plan.deployments if d.name == name)
        return f", {next(urls, '')}," if self._external else ""

    def stopped(self) -> None:
        """A round has ended."""
        self._end_of("stop", sum(state == "measuring" for state in self._states.values()))
        if not self._reporter.live:
            self._reporter.phase(f"{self._round()} done, {self._time_left()}: {self._figures()}")

    def _end_of(self, part: Part, count: int) -> None:
        self._pace.done(part, count, time.monotonic())
        self._left[part] = max(0, self._left[part] - 1)

    def _round(self) -> str:
        return f"round {self._number} of {self._plan.rounds}"

    def _say(self, phase: str) -> None:
        self._phase = f"{self._round()}: {phase}"
        if self._reporter.live:
            self._draw()
        else:
            self._reporter.phase(self._phase)

    def _draw(self) -> None:
        if self._reporter.live:
            self._reporter.show(self.screen())
            self._drawn_s = time.monotonic()

    def screen(self) -> Screen:
        """The run at this moment."""
        return Screen(
            phase=self._phase,
            done=1 - sum(self._left[model] for model in MODELS) / self._blocks,
            left=self._time_left(),
            lines=tuple(self._lines()),
            failure=self._failure,
        )

    def _lines(self) -> Iterator[Line]:
        for case in self._plan.cases:
            figure = self._figures_so_far.reached(case)
            yield Line(
                server=case.server,
                load=load_in_words(case.scenario, case.load),
                state=self._states[case.deployment],
                figure=figure.text if figure else "",
                half_width=figure.half_width if figure else None,
            )

    def _figures(self) -> str:
        """What each server does in the group that comes first in the plan, in a line."""
        first = group_of(self._plan.cases[0])
        figures = []
        for case in self._plan.cases:
            figure = self._figures_so_far.reached(case) if group_of(case) == first else None
            if figure is not None:
                known = figure.half_width is not None and figure.half_width < 1
                width = f" (± {figure.half_width:.1%})" if known else ""
                figures.append(f"{case.server} {figure.text}{width}".replace("%", " %"))
        return f"{first}: {', '.join(figures) or 'nothing measured'}"

    def _time_left(self) -> str:
        about = "about" if self._foreseen else "at most" if self._plan.minutes is not None else "at least"
        return f"{about} {in_words(self.left_s())} left"

    def left_s(self) -> float:
        """Seconds until all is measured and stopped."""
        servers = sum(state != "failed" for state in self._states.values())
        cases, waiting = self._cases(), self._waiting()
        pilot = pilot_trials(self._plan, waiting)
        unknown = learned_pages(self._plan) if self._to_learn else ()
        left_s = self._pace.left_s(
            Parts(
                start=self._left["start"] * servers,
                warm_up=self._left["warm-up"] * waiting,
                pilot=self._left["pilot"] * pilot,
                measured={model: self._left[model] * cases[model] for model in MODELS},
                stop=self._left["stop"] * servers,
                learn=sum(self._states[deployment] != "failed" for deployment, _ in unknown),
            )
        )
        if self._plan.minutes is None:
            return left_s
        return min(left_s, self._began_s + self._plan.minutes * 60 - time.monotonic())

    def _cases(self) -> Counter[LoadModel]:
        """How many of each load model are not given up."""
        return Counter(c.load.model for c in self._plan.cases if self._states[c.deployment] != "failed")

    def _waiting(self) -> int:
        return sum(number for model, number in self._cases().items() if MODELS[model].waits)
