"""Who takes part in a master's trials: generators come, are lost, and come back; each is told of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gevent

from bench.load.elsewhere.about import About, about, differences
from bench.load.elsewhere.members import ANSWER_S, Answer, Member, Members, Order, Tell

_WAITING_S = 0.1
_SAY_EACH_S = 5.0


class NobodyLeft(RuntimeError):
    """No generator takes part any more, and none has come."""


class Roll:
    """The generators that take part, all of which know the same scenarios and targets.

    Args:
        emit: told of each that comes or goes, as the event `generator`.
        wanted: how many there are to be.
    """

    def __init__(self, members: Members, emit: Tell, wanted: int) -> None:
        self._members = members
        self._emit = emit
        self._wanted = wanted
        self._own = about()
        self._told: dict[str, Order] = {}

    @property
    def present(self) -> list[Member]:
        return list(self._members.present.values())

    def inform(self, order: Order) -> None:
        """Tell all of them, and later whoever comes, scenarios or targets."""
        self._told[order["order"]] = order
        self.tell(self.present, {"obey": order})

    def wait(
        self, number: int, *, given_up: Callable[[], bool] = lambda: False, most_s: float | None = None
    ) -> None:
        """Wait until so many take part.

        Raises:
            NobodyLeft: that takes longer than `most_s`.
        """
        began_s, say_s = time.monotonic(), 0.0
        while not given_up():
            self.admit()
            if len(self._members.present) >= number:
                return
            now = time.monotonic()
            if most_s is not None and now - began_s > most_s:
                raise NobodyLeft(f"no load generator has come for {most_s:.0f} s")
            if now >= say_s:
                self.say("waiting", present=len(self._members.present), wanted=number)
                say_s = now + _SAY_EACH_S
            gevent.sleep(_WAITING_S)

    def admit(self) -> None:
        """Take in who has come, and who is back."""
        for identity, newcomer in self._members.newcomers().items():
            self._take(identity, newcomer)
        for member in self._members.returned():
            try:
                self._members.compare_clock(member)
            except TimeoutError:
                # It isn't yet what it was.
                self._members.lose(member)
                continue
            self._informed(member, "back")

    def _take(self, identity: str, newcomer: About) -> None:
        others = differences(self._own, newcomer)
        if others:
            reason = f"it has {', '.join(others)}"
            self._members.refuse(identity, reason)
            self.say("refused", name=newcomer.host, why=reason)
            return
        try:
            member = self._members.known(identity, newcomer)
        except TimeoutError as error:
            self.say("refused", name=newcomer.host, why=f"it {error}")
            return
        self._informed(member, "joined")

    def _informed(self, member: Member, state: str) -> None:
        """Tell one what the others know; from then on it takes part."""
        for order in self._told.values():
            _, lost = self._members.tell({member.id: {"obey": order}})
            if lost:
                self.lose(member, lost[member.id])
                return
        self._members.take(member)
        self.say(
            state,
            name=member.name,
            host=member.about.host,
            cpus=member.about.cpus,
            python=member.about.python,
            apart_s=member.apart_s,
            present=len(self._members.present),
            wanted=self._wanted,
        )

    def lose(self, member: Member, why: str, case: str = "") -> None:
        """Go on without one; `case` is that of the trial that it spoils."""
        self._members.lose(member)
        self.say("lost", name=member.name, why=why, case=case)

    def tell(
        self, members: Iterable[Member], order: Order, case: str = "", most_s: float = ANSWER_S
    ) -> Mapping[str, Answer]:
        """The answers of some, by id; whoever gives none is lost."""
        by_id = {member.id: member for member in members}
        answers, lost = self._members.tell(dict.fromkeys(by_id, order), most_s)
        for identity, why in lost.items():
            self.lose(by_id[identity], why, case)
        return answers

    def say(self, state: str, **said: Any) -> None:
        """Tell what became of one."""
        self._emit({"event": "generator", "state": state, **said})
