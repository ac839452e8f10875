"""What somebody's own application and the servers cost by themselves, measured beside a run's rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.catalogue.home import HOME
from bench.deploy import Runtime
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.model import App, Case, Closed, Deployment, Learned, OwnCost, Plan, Suite, Trial, TrialLength
from bench.model.scenario import AskedScenario
from bench.plan.blocks import block_orders
from bench.plan.duration import OWN_OF_THE_RUN, own_cost_s
from bench.run.fleet import Fleet
from bench.run.own_calls import WALL_S, called
from bench.store import Writer

AfterRound = Callable[[int, Plan, Sequence[Learned], float | None], None]
"""What is called when a round's servers have stopped."""
_BLOCKS = 6
_TRIAL_S = 0.1
_USERS = 16
_ALL_S = 12.0


class OwnCosts:
    """Measures, and saves what it has measured.

    Args:
        suite: as the run begins, or goes on.
        say: gets a line before what takes a while.
    """

    def __init__(
        self,
        suite: Suite,
        runtime: Runtime,
        driver: LoadDriver,
        writer: Writer,
        say: Callable[[str], None],
    ) -> None:
        self._asked = scenario_of(suite.plan)
        self._runtime = runtime
        self._driver = driver
        self._writer = writer
        self._cpus = suite.environment.cpu_split.server
        self._cost = suite.own_cost
        self._say = say
        # Any: all serve the same application.
        self._deployment = suite.plan.deployments[0]
        self._spent_s = self._last_s = 0.0
        self._possible = True

    def of_servers(self, plan: Plan, epoch_ns: int) -> None:
        """Each server with an application that does nothing, before the first round."""
        if self._asked is None or self._cost is not None:
            return
        self._cost = OwnCost(self._asked.name)
        if plan.minutes is not None and own_cost_s(plan) >= OWN_OF_THE_RUN * 60 * plan.minutes:
            self._save(replace(self._cost, left_out=(_NO_TIME.format(plan.minutes),)))
            return
        self._say("measuring the servers with an application that does nothing")
        deployments = [hello for d in plan.deployments if (hello := hello_of(d))]
        cases = tuple(
            Case(d.name, d.server.name, d.app.name, "hello", d.name, Closed(_USERS)) for d in deployments
        )
        trials: list[Trial] = []
        with Fleet(self._runtime, self._driver, 0) as fleet:
            fleet.start((deployment, ("hello",)) for deployment in deployments)
            cases = tuple(case for case in cases if case.deployment in fleet.members)
            small = replace(
                plan,
                blocks=_BLOCKS,
                open_blocks=0,
                trial_s=TrialLength(_TRIAL_S, _TRIAL_S),
                settle_s=0.0,
                deployments=tuple(deployments),
                cases=cases,
            )
            for block in range(-1, _BLOCKS if cases else -1):
                measured = list(self._driver.block(block_orders(small, cases, 0, block, epoch_ns)))
                trials += measured if block >= 0 else []
        costs = {
            case.server: tuple(
                trial.cpu_s / trial.answers
                for trial in trials
                if trial.case == case.id and trial.cpu_s is not None and trial.answers and not trial.failed
            )
            for case in cases
        }
        self._save(replace(self._cost, hello_s={name: values for name, values in costs.items() if values}))

    def of_application(
        self, number: int, plan: Plan, learned: Sequence[Learned], left_s: float | None
    ) -> None:
        """The application without a server, after a round whose servers have stopped.

        Args:
            left_s: until the last trial must have ended; None without a limit.
        """
        project = self._deployment.app.project
        if self._asked is None or self._cost is None or project is None or not self._wanted(plan, left_s):
            return
        assert isinstance(self._runtime, LocalRuntime)
        began = time.monotonic()
        self._save(
            called(
                number,
                project,
                self._runtime.start_of(self._deployment),
                self._asked,
                [page for page in learned if page.scenario == self._asked.name],
                self._cpus,
                plan.timeout_s,
                self._cost,
            )
        )
        self._last_s = time.monotonic() - began
        self._spent_s += self._last_s
        self._possible = bool(self._cost.calls)

    def _wanted(self, plan: Plan, left_s: float | None) -> bool:
        """Whether there is time, and nothing has shown that it can't be done."""
        most_s = min(_ALL_S, OWN_OF_THE_RUN * plan.expected_s)
        fits = not self._spent_s or self._spent_s + self._last_s <= most_s
        return (
            self._possible
            and fits
            and (left_s is None or left_s > 2 * max(self._last_s, WALL_S + plan.page_s))
        )

    def _save(self, cost: OwnCost) -> None:
        if cost != self._cost:
            self._cost = cost
            self._writer.append(own_cost=cost)


def scenario_of(plan: Plan) -> AskedScenario | None:
    """What is asked of somebody's own application; None of a run that measures no such, or claims nothing."""
    own = plan.runtime == "local" and plan.claims and all(d.app.project for d in plan.deployments)
    return next(iter(plan.scenarios.values()), None) if own else None


def hello_of(deployment: Deployment) -> Deployment | None:
    """The same server with the application that does nothing; None for a line of the user's own, which names
    its application, and for twins and old versions.
    """
    project = deployment.app.project
    if project is None or deployment.server.own or not deployment.variant.kind.ranked:
        return None
    callable_name = "wsgi:application"
    folder = str(HOME / "apps" / "hello")
    project = replace(project, root=folder, callable=callable_name)
    app = App("hello", callable_name, ("hello",), redis=False, seed=(), project=project)
    return replace(deployment, name=f"hello.{deployment.server.name}", app=app)


_NO_TIME = "servers with an application that does nothing, since --minutes {:g} leave no time for them"
