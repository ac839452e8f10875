"""Locust's master for generators on other hosts: it has each trial done by those that are there."""

from __future__ import annotations

import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial

import gevent
from gevent.queue import Queue
from locust.env import Environment

from bench.load import shared_trial
from bench.load.elsewhere.keys import Keys
from bench.load.elsewhere.members import Answer, Members, Tell
from bench.load.elsewhere.readings import WindowReadings
from bench.load.elsewhere.roll import NobodyLeft, Roll
from bench.load.elsewhere.sockets import seal
from bench.load.generator import LoadGenerator
from bench.load.protocol import read_trial, read_trial_order
from bench.load.records import p99_s
from bench.load.users import END, Order, guarded, read_orders, ready, user_class
from bench.load.workers import bear_silence
from bench.model import Trial, TrialOrder, UsageSource

_CLOCKS_S = 10.0
_LATE_SHARE = 0.25
_LATE_S = 0.002
_MOST_LATE = 3
_MOST_ATTEMPTS = 10
_REACH_S = 10.0
_NOBODY_S = 600.0


def serve_master(
    generator: LoadGenerator,
    emit: Tell,
    orders_fd: int,
    address: tuple[str, int],
    keys: Keys,
    wanted: int,
    *,
    waits: bool,
) -> None:
    """Wait for generators, and obey the orders from `orders_fd` with trials by them.

    Args:
        address: to listen on.
        wanted: how many are waited for.
        waits: whether trials wait for as many when one is lost; else they go on with the others.
    """
    bear_silence()
    seal(keys)
    environment = Environment(user_classes=[user_class(Queue(), generator.obey, emit)])
    members = Members(environment.create_master_runner(*address))
    roll = Roll(members, emit, wanted)
    master = Master(generator, members, roll, emit, wanted if waits else 1)
    # Whoever stops the run ends it in the middle of a block: its generators end, too.
    gevent.signal_handler(signal.SIGTERM, sys.exit)
    try:
        inbox: Queue[Order] = Queue()
        reading = gevent.spawn(read_orders, orders_fd, inbox)
        reading.link(lambda _: inbox.put(END))
        roll.wait(wanted, given_up=reading.ready)
        emit(ready())
        while (order := inbox.get()) != END:
            guarded(partial(master.obey, order), emit)
    finally:
        members.end()
        generator.close()


class Master:
    """Has trials done.

    Args:
        generator: this process's own, which makes no load: it probes, and reads the server's counters.
        fewest: how many generators take part in a trial at least.
    """

    def __init__(
        self, generator: LoadGenerator, members: Members, roll: Roll, emit: Tell, fewest: int
    ) -> None:
        self._generator = generator
        self._members = members
        self._roll = roll
        self._emit = emit
        self._fewest = fewest
        self._reached: set[tuple[str, str]] = set()
        self._answer_s: dict[str, float] = {}
        self._late: dict[str, int] = defaultdict(int)
        self._clocks_s = time.monotonic()

    def obey(self, order: Order) -> None:
        """Have an order obeyed: trials by the generators, everything else by the master itself."""
        if order["order"] == "block":
            for trial in map(read_trial_order, order["trials"]):
                self._emit({"event": "trial", **asdict(self._trial(trial))})
            self._emit({"event": "done"})
            return
        if order["order"] == "scenarios":
            self._roll.inform(order)
        elif order["order"] == "targets":
            self._reached.clear()
            self._roll.inform(_without_readings(order))
        self._generator.obey(order)

    def _trial(self, order: TrialOrder) -> Trial:
        """The trial, by as many attempts as it takes: one in which a generator was lost or late isn't one.

        Raises:
            NobodyLeft: there is no generator, or not one attempt in which all of them took part.
        """
        for _ in range(_MOST_ATTEMPTS):
            self._ready_for(order)
            self._generator.reset(order.database)
            try:
                trial = self._attempt(order)
            finally:
                self._generator.used(order.database, order.scenario)
            if trial is not None:
                self._answer_s[order.case] = trial.mean_s or 0.0
                return trial
        raise NobodyLeft(
            f"{_MOST_ATTEMPTS} attempts at a trial each lost a load generator or had one too late"
        )

    def _ready_for(self, order: TrialOrder) -> None:
        """See that enough generators are there that reach the target, and what their clocks say."""
        while True:
            self._roll.wait(self._fewest, most_s=_NOBODY_S if self._fewest == 1 else None)
            self._compare_clocks(order.case)
            self._reach(order)
            if len(self._roll.present) >= self._fewest:
                return

    def _compare_clocks(self, case: str) -> None:
        if time.monotonic() - self._clocks_s <= _CLOCKS_S:
            return
        for member in self._roll.present:
            try:
                self._members.compare_clock(member)
            except TimeoutError as error:
                self._roll.lose(member, str(error), case)
        self._clocks_s = time.monotonic()

    def _reach(self, order: TrialOrder) -> None:
        target = order.target
        new = [member for member in self._roll.present if (member.id, target) not in self._reached]
        answers = self._roll.tell(new, {"reach": target}, order.case, _REACH_S)
        for member in new:
            if member.id not in answers:
                continue
            if why := answers[member.id]["why"]:
                self._roll.lose(member, why, order.case)
                continue
            self._reached.add((member.id, target))
            network_s = answers[member.id]["network_s"]
            self._roll.say("reaches", name=member.name, target=target, network_s=network_s)
        if new and not self._roll.present:
            raise NobodyLeft(f"no load generator reaches {target}: see what was said of each")

    def _attempt(self, order: TrialOrder) -> Trial | None:
        """One try; None if it isn't one of the whole load."""
        members = self._roll.present
        if not members:
            return None
        answer_s = self._answer_s.get(order.case, 0.0)
        lead_ns = shared_trial.LEAD_NS + 2 * max(member.clock.apart_ns for member in members)
        split = partial(shared_trial.split, processes=len(members), answer_s=answer_s, lead_ns=lead_ns)
        if self._generator.logs_in(order):
            users = {m.id: {"prepare": asdict(p)} for m, p in zip(members, split(order), strict=False)}
            _, lost = self._members.tell(users, order.most_s())
            if self._without(lost, order.case):
                return None
        parts = split(order)
        orders = {
            member.id: {"trial": asdict(shared_trial.by(member.clock, part))}
            for member, part in zip(members, parts, strict=False)
        }
        readings = WindowReadings(self._generator.meter(order), parts[0])
        answers, lost = self._members.tell(orders, order.most_s())
        server = readings.taken()
        late = self._too_late(answers, parts[0])
        if self._without(lost, order.case) or late:
            return None
        trials = {identity: read_trial(answer["trial"]) for identity, answer in answers.items()}
        merged = server.put_into(shared_trial.merge(list(trials.values())))
        names = {member.id: member.name for member in members}
        return replace(merged, generators={names[i]: _share(trial) for i, trial in trials.items()})

    def _without(self, lost: Mapping[str, str], case: str) -> bool:
        for identity, why in lost.items():
            self._roll.lose(self._members.present[identity], why, case)
        return bool(lost)

    def _too_late(self, answers: Mapping[str, Answer], order: TrialOrder) -> bool:
        """Whether a generator began too late; one that does so again and again is sent away."""
        most_s = max(_LATE_S, _LATE_SHARE * order.settle_s)
        late = {identity: said["late_s"] for identity, said in answers.items() if said["late_s"] > most_s}
        for identity in answers:
            self._late[identity] = self._late[identity] + 1 if identity in late else 0
        for identity, late_s in late.items():
            member = self._members.present[identity]
            why = f"began {late_s * 1000:.0f} ms late"
            if self._late[identity] < _MOST_LATE:
                self._roll.say("late", name=member.name, why=why, case=order.case)
            else:
                self._members.refuse(identity, f"it {why}, and so {_MOST_LATE} times in a row")
                self._members.forget(member)
                self._roll.say(
                    "lost", name=member.name, why=f"{why}, the {_MOST_LATE}rd time", case=order.case
                )
        return bool(late)


def _without_readings(order: Order) -> Order:
    """Targets as another host may know them: what is read of their processes is the master's to read."""
    nothing = {"usage": asdict(UsageSource("none")), "cpus": ()}
    return {**order, "targets": [{**target, **nothing} for target in order["targets"]], "store": None}


def _share(trial: Trial) -> dict[str, float]:
    """What the result keeps of one generator's part."""
    share = {"cpu": trial.generator_cpu, "offered": float(trial.offered)}
    if "lateness/all" in trial.histograms:
        share["lateness_p99_s"] = p99_s(trial.histograms["lateness/all"])
    return share
