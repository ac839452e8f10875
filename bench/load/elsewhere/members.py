"""The generators of a master: who takes part, who is silent, and what each is told and answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gevent.queue import Empty, Queue
from locust.rpc import Message
from locust.runners import MasterRunner

from bench.load.elsewhere.about import About, free_name, read_about
from bench.machine.place import Clock, compare
from bench.model.shortage import Short

ANSWER_S = 40.0
_CLOCK_S = 5.0
_NOBODYS = 0
_LOOK_S = 0.25
SILENT_S = 5.0
"""A generator that isn't heard for so long is lost; a thread of it says each second that it lives."""

Order = Mapping[str, Any]
Answer = Mapping[str, Any]
Tell = Callable[[Mapping[str, Any]], None]


@dataclass
class Member:
    """A generator that has made itself known.

    Attributes:
        id: locust's, of one connection.
        name: its host's, with a number where that has several.
        clock: its own against the master's.
    """

    id: str
    name: str
    about: About
    clock: Clock

    @property
    def apart_s(self) -> float:
        """How long an answer of it takes at least, there and back, its own work included."""
        return self.clock.apart_ns / 1e9


class Members:
    """What a master hears of its generators, and says to them.

    Attributes:
        present: those that take part, by id, in the order in which they came.
    """

    def __init__(self, runner: MasterRunner) -> None:
        self.present: dict[str, Member] = {}
        self._runner = runner
        self._heard_s: dict[str, float] = {}
        self._answered_s: dict[str, float] = {}
        self._newcomers: dict[str, About] = {}
        self._unknown_s: dict[str, float] = {}
        self._introduced: set[str] = set()
        self._lost: dict[str, tuple[Member, float]] = {}
        self._answers: Queue[tuple[str, int, Answer]] = Queue()
        self._tokens = itertools.count(1)
        for name, hear in (
            ("about", self._hear_about),
            ("pulse", self._hear_pulse),
            ("answer", self._hear_answer),
        ):
            runner.register_message(name, hear)

    def newcomers(self) -> dict[str, About]:
        """Those that have come since this was asked, by id."""
        newcomers, self._newcomers = self._newcomers, {}
        return newcomers

    def returned(self) -> list[Member]:
        """Those that were lost and answer again; those that are only heard are asked something."""
        for member, since_s in self._lost.values():
            if self._heard_s[member.id] > since_s:
                # In vain as long as only the connection of its thread is made anew.
                self._send(member.id, "clock", {"token": _NOBODYS})
        answered_s = self._answered_s
        return [member for member, since_s in self._lost.values() if answered_s.get(member.id, 0.0) > since_s]

    def known(self, identity: str, about: About) -> Member:
        """One that takes part from now on, once its clock is compared and its user there.

        Raises:
            TimeoutError: it says nothing.
        """
        member = Member(identity, "", about, Clock())
        self.compare_clock(member)
        member.name = free_name(about.host, self._names())
        self._have_user(identity)
        return member

    def compare_clock(self, member: Member) -> None:
        """Compare its clock anew.

        Raises:
            TimeoutError: it says nothing.
        """
        member.clock = compare(lambda: int(self._ask(member.id, "clock", {}, _CLOCK_S)["now_ns"]))

    def take(self, member: Member) -> None:
        self._lost.pop(member.id, None)
        # While it was lost another one of its host may have got its name.
        if member.name in self._names():
            member.name = free_name(member.about.host, self._names())
        self.present[member.id] = member

    def lose(self, member: Member) -> None:
        """Go on without one, until it is heard again."""
        self.present.pop(member.id, None)
        self._lost[member.id] = member, time.monotonic()

    def forget(self, member: Member) -> None:
        """Go on without one, whatever is heard of it."""
        self.present.pop(member.id, None)
        self._lost.pop(member.id, None)

    def refuse(self, identity: str, reason: str) -> None:
        """Send one away."""
        self._send(identity, "refused", {"reason": reason})

    def tell(
        self, orders: Mapping[str, Order], most_s: float = ANSWER_S
    ) -> tuple[dict[str, Answer], dict[str, str]]:
        """Send each its order, and wait for all of those that live.

        Returns:
            Answers by id, and why there is none of the others.

        Raises:
            Short: one has too little of something.
        """
        token = next(self._tokens)
        for identity, order in orders.items():
            self._send(identity, "order", {"token": token, **order})
        began_s = time.monotonic()
        answers: dict[str, Answer] = {}
        lost: dict[str, str] = {}
        while missing := [i for i in orders if i not in answers and i not in lost]:
            try:
                identity, of, answer = self._answers.get(timeout=_LOOK_S)
            except Empty:
                lost |= self._silent(missing, began_s, most_s)
                continue
            # What is late is of a trial that was given up.
            if of == token and identity in orders:
                if "short" in answer:
                    raise Short(answer["short"])
                if answer.get("event") == "failed":
                    lost[identity] = f"failed with {answer['reason']}"
                else:
                    answers[identity] = answer
        return answers, lost

    def end(self) -> None:
        """Have all end, those too that were lost."""
        for identity in self._runner.clients:
            self._send(identity, "over", {})
        self._runner.quit()

    def _silent(self, identities: Iterable[str], began_s: float, most_s: float) -> dict[str, str]:
        # Nobody is heard while the master itself works.
        now = time.monotonic()
        lost = {}
        for identity in identities:
            silent_s = now - max(began_s, self._heard_s.get(identity, 0.0))
            if silent_s > SILENT_S:
                lost[identity] = f"was silent for {silent_s:.0f} s"
            elif now - began_s > most_s:
                lost[identity] = f"gave no answer in {most_s:.0f} s"
        return lost

    def _ask(self, identity: str, kind: str, data: Order, most_s: float) -> Answer:
        token = next(self._tokens)
        self._send(identity, kind, {"token": token, **data})
        ends_s = time.monotonic() + most_s
        while (left_s := ends_s - time.monotonic()) > 0:
            try:
                who, of, answer = self._answers.get(timeout=left_s)
            except Empty:
                break
            if of == token and who == identity:
                return dict(answer)
        raise TimeoutError(f"gave no answer in {most_s:g} s")

    def _names(self) -> set[str]:
        return {member.name for member in self.present.values()}

    def _have_user(self, identity: str) -> None:
        """Have locust start the one user of a worker: it needn't share out any."""
        [user] = self._runner.user_classes
        job = {
            # Locust leaves out what isn't later than the last one.
            "timestamp": next(self._tokens),
            "user_classes_count": {user.__name__: 1},
            "host": None,
            "stop_timeout": 0.0,
            "parsed_options": {},
        }
        self._send(identity, "spawn", job)

    def _send(self, identity: str, kind: str, data: Order) -> None:
        self._runner.server.send_to_client(Message(kind, dict(data), identity))  # type: ignore[no-untyped-call]

    def _hear_about(self, msg: Message, **_: object) -> None:
        self._hear(msg)
        self._introduced.add(msg.node_id)
        self._newcomers[msg.node_id] = read_about(msg.data)

    def _hear_pulse(self, msg: Message, **_: object) -> None:
        self._hear(msg)
        if msg.node_id in self._introduced:
            return
        first_s = self._unknown_s.setdefault(msg.node_id, time.monotonic())
        if time.monotonic() - first_s > SILENT_S:
            # Its master is gone, and this one has come in its place.
            self._send(msg.node_id, "unknown", {})

    def _hear(self, msg: Message, **_: object) -> None:
        self._heard_s[msg.node_id] = time.monotonic()

    def _hear_answer(self, msg: Message, **_: object) -> None:
        self._hear(msg)
        self._answered_s[msg.node_id] = self._heard_s[msg.node_id]
        self._answers.put((msg.node_id, msg.data["token"], msg.data["answer"]))
