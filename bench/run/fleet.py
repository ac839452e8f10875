"""The deployments of one round: started one after the other, up together, stopped together."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from bench.deploy import Runtime
from bench.load.client import LoadDriver
from bench.load.protocol import Probed
from bench.machine.counters import read_listen
from bench.machine.interrupt import shield
from bench.machine.lasting import Processes, serving
from bench.model import TIMEOUT_S, Deployment, DeploymentRecord, Failure, Learned, Target
from bench.model.errors import BenchError, EngineError
from bench.run.member import Member
from bench.run.peers import PeersWatch

_START_TIMEOUT_S = 30.0
_REFUSED_TIMEOUT_S = 5.0
_WRONG_TIMEOUT_S = 3.0
_ELSEWHERE_S = 3.0
_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.25
_PAUSE_GROWTH = 1.5
_ENDING_S = 0.03
_PORT_TAKEN = re.compile("address already in use|connection in use", re.IGNORECASE)
_NO_WHOLE_ANSWER = frozenset({"reset", "closed", "truncated", "unfinished"})


class Fleet:
    """A context manager that stops whatever it started.

    Args:
        learned: what earlier rounds have learned of these deployments' pages: each is held to it.
        timeout_s: how long one request of a probe may take.
        failed: told of each deployment that doesn't come up, as soon as that is known.

    Attributes:
        members: what answers rightly, by deployment name.
        failures: what doesn't, and why.
        records: what each member cost, once the fleet was stopped.
    """

    def __init__(
        self,
        runtime: Runtime,
        driver: LoadDriver,
        round_number: int,
        learned: Sequence[Learned] = (),
        *,
        timeout_s: float = TIMEOUT_S,
        failed: Callable[[Failure], None] = lambda _failure: None,
    ) -> None:
        self._runtime = runtime
        self._driver = driver
        self._round = round_number
        self._learned = tuple(learned)
        self._timeout_s = timeout_s
        self._failed = failed
        self.members: dict[str, Member] = {}
        self.failures: list[Failure] = []
        self.records: list[DeploymentRecord] = []
        self._started: list[Target] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failed: BenchError | None = None
        with shield():
            if error is None:
                failed = self._disconnect()
            try:
                self._stop()
            except EngineError as problem:
                # It explains whatever else went wrong.
                failed, error = problem, None
            except BenchError as problem:
                failed = failed or problem
        if failed is not None and error is None:
            raise failed

    def start(self, deployments: Iterable[tuple[Deployment, tuple[str, ...]]]) -> None:
        """Start deployments, each with the names of the scenarios that it must answer rightly; the state of
        somebody's own application is put back before.
        """
        self._runtime.reset()
        for deployment, scenarios in deployments:
            fault = self._start(deployment, scenarios)
            if fault is not None and any(_PORT_TAKEN.search(line) for line in fault.log):
                # The port was free when it was chosen; another program was quicker. Once is bad luck.
                fault = self._start(deployment, scenarios)
            if fault is not None:
                self.failures.append(fault)
                self._failed(fault)
        self._driver.set_targets(self.targets(), self._runtime.store_address())
        # The last one has just answered: a process of that request alone isn't to be there still.
        time.sleep(_ENDING_S)
        for member in self.members.values():
            member.processes.ready()

    def newly_learned(self) -> list[Learned]:
        """What is right of the members' pages, as far as earlier rounds didn't know it."""
        return [page for target in self.targets() for page in target.learned if page not in self._learned]

    def targets(self) -> list[Target]:
        return [member.target for member in self.members.values()]

    def read_idle_cpu(self, seconds: float) -> None:
        """What each costs the others while nothing is asked of it."""
        for name, share in self._driver.idle_cpu(seconds).items():
            self.members[name].idle_cpu = share

    def read_idle_memory(self) -> None:
        for member in self.members.values():
            member.memory_idle_bytes = self._runtime.memory_bytes(member.target)[0]

    @contextmanager
    def counting_peers(self) -> Iterator[None]:
        """Count the connections that members open to others while the block lasts."""
        with PeersWatch(self._runtime.place, self.targets()) as watch:
            yield
        for name, most in watch.most.items():
            if name in self.members:
                self.members[name].peers = dict(most)

    def read_warm(self) -> None:
        """See what members are once they are warm: threads are often started by the first requests."""
        self.read_processes()
        self.read_idle_memory()
        for member in self.members.values():
            member.serving = serving(member.target.usage, self._runtime.place)

    def read_listen(self, name: str) -> dict[str, float]:
        """Connections that a member has refused so far, if it has a network namespace of its own.

        Elsewhere the counters are of every program on the machine.
        """
        pid = self.members[name].target.usage.pid
        return read_listen(self._runtime.place, pid) if self._runtime.name == "compose" and pid else {}

    def read_processes(self) -> None:
        """See which processes have ended; to be called where no time is counted."""
        for member in self.members.values():
            member.processes.look()

    def remove_dead(self) -> list[Failure]:
        """Take out the members that have ended by themselves."""
        dead = [m for m in self.members.values() if not self._runtime.alive(m.target)]
        failures = [self._ended(m.target, "trial", "the server ended under load") for m in dead]
        for member in dead:
            self._read_costs(member)
            self.records.append(member.record(self._round, clean=None))
            del self.members[member.deployment.name]
        self.failures += failures
        return failures

    def _disconnect(self) -> BenchError | None:
        """Close the connections that the load kept: some servers wait for them before they end."""
        try:
            self._driver.set_targets([], self._runtime.store_address())
        except BenchError as problem:
            return problem
        return None

    def _start(self, deployment: Deployment, scenarios: tuple[str, ...]) -> Failure | None:
        """Start one and wait until every scenario is answered rightly; else stop it and say why."""
        with shield():
            target = self._runtime.start(deployment)
            if isinstance(target, Target):
                self._started.append(target)
        if isinstance(target, Failure):
            return replace(target, round=self._round)
        learned = tuple(page for page in self._learned if page.deployment == deployment.name)
        processes = Processes(target.usage, self._runtime.place)
        member = Member(deployment, replace(target, learned=learned), scenarios, processes)
        self._driver.set_targets([member.target], self._runtime.store_address())
        for scenario in scenarios:
            fault = self._wait_right(member, scenario)
            if fault is not None:
                with shield():
                    self._started.remove(target)
                    self._runtime.stop([target])
                return fault
        member.processes.answers()
        self.members[deployment.name] = member
        return None

    def _wait_right(self, member: Member, scenario: str) -> Failure | None:
        """Ask, less and less often, until the answers are right; else why that is given up."""
        target = member.target
        # What runs already has had its time to start.
        limit_s = _START_TIMEOUT_S if target.started_ns else _REFUSED_TIMEOUT_S
        began = time.monotonic()
        wrong_since: float | None = None
        elsewhere_since: float | None = None
        pause_s = _FIRST_PAUSE_S
        while True:
            asked = time.monotonic()
            probed = self._driver.probe(
                target.deployment, scenario, member.deployment.redis_database, self._timeout_s
            )
            heard_ns = self._runtime.place.clock.now_ns()
            if not self._runtime.alive(target):
                # Before what was found: on a port that was taken, the one who took it has answered.
                return self._not_there(target, member.deployment)
            if probed.right:
                if target.started_ns and member.start_s is None:
                    member.start_s = (heard_ns - target.started_ns) / 1e9 - probed.since_s
                member.samples[scenario] = probed.sample
                learned = (replace(page, deployment=target.deployment) for page in probed.learned)
                member.target = replace(target, learned=(*target.learned, *learned))
                return None
            now = time.monotonic()
            if not _heard(probed):
                wrong_since = None
                # As often at last as is exact to a hundredth of the time that it has taken so far.
                pause_s = max(_FIRST_PAUSE_S, (now - began) / 100)
            elif wrong_since is None:
                # One that came in part has been waited for.
                wrong_since = asked if probed.fault == "unfinished" else now
            elsewhere = self._runtime.listens_elsewhere(target)
            if not elsewhere:
                elsewhere_since = None
            elif elsewhere_since is None:
                elsewhere_since = now
            elif now - elsewhere_since > _ELSEWHERE_S:
                # What it opens beside its address, it may open first.
                return self._failure(target, "start", elsewhere)
            if wrong_since is not None and now - wrong_since > _WRONG_TIMEOUT_S:
                return self._failure(target, "probe", _wrong_answer(scenario, probed))
            if now - began > limit_s:
                within = f" within {limit_s:g} s of its start" if target.started_ns else ""
                return self._failure(target, "start", f"no right answer{within}: {probed.detail}")
            time.sleep(min(pause_s, _LONGEST_PAUSE_S))
            pause_s *= _PAUSE_GROWTH

    def _not_there(self, target: Target, deployment: Deployment) -> Failure:
        failure = self._ended(target, "start", "the server ended before it answered")
        if deployment.server.own and failure.reason.endswith("exit code 0"):
            return replace(
                failure,
                reason=f"{failure.reason}. A line has to stay in the foreground: leave out what detaches it",
            )
        return failure

    def _ended(self, target: Target, phase: str, reason: str) -> Failure:
        how = self._runtime.how_ended(target)
        return self._failure(target, phase, f"{reason}: it {how}" if how else reason)

    def _failure(self, target: Target, phase: str, reason: str) -> Failure:
        return Failure(target.deployment, self._round, phase, reason, self._runtime.log_tail(target))

    def _stop(self) -> None:
        # One that the last request of all has killed was still there after its block.
        self.read_processes()
        for member in self.members.values():
            self._read_costs(member)
        clean: set[str] = set()
        try:
            clean = self._runtime.stop(self._started)
        finally:
            self.records += [
                member.record(self._round, clean=name in clean) for name, member in self.members.items()
            ]

    def _read_costs(self, member: Member) -> None:
        """What can't be read any more once it has been stopped."""
        # Of processes that have all ended nothing can be read either.
        member.memory_peak_bytes = self._runtime.memory_bytes(member.target)[1] or None
        member.image_bytes = self._runtime.image_bytes(member.deployment)
        member.oom_kills, member.throttled_s = member.processes.oom_kills, member.processes.throttled_s


def _heard(probed: Probed) -> bool:
    """Whether a server answered the connection, if wrongly; not one that is still about to start."""
    return probed.fault != "connect" and (probed.fault != "unfinished" or probed.received > 0)


def _wrong_answer(scenario: str, probed: Probed) -> str:
    kind = "no whole answer" if probed.fault in _NO_WHOLE_ANSWER else f"wrong answer ({probed.fault})"
    return f"{kind} in scenario {scenario}: {probed.detail}"
