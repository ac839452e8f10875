"""A user who sends a scenario's requests to an application in one process, and keeps what it gets."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import replace

from bench.catalogue.scenarios.asked import Mix
from bench.catalogue.scenarios.looking import look
from bench.catalogue.scenarios.rendering import Prepared
from bench.catalogue.scenarios.request import SAFE
from bench.load.jar import Jar
from bench.model.preflight import Answered
from bench.model.scenario import AskedRequest, AskedScenario
from bench.preflight.inside import Inside, Said
from bench.preflight.reading import Reader

HOST = "127.0.0.1:8000"
"""What is asked for where the user names no host."""
_CALLS = 5
# Of all requests together, beside the first call of each.
_BUDGET_S = 2.0
_ERROR = 500


class Visitor:
    """One user.

    Attributes:
        over: what became of the process, once it is gone or stands still.
        heard: all that the process said after each request.
    """

    def __init__(self, inside: Inside, asked: AskedScenario, reader: Reader, timeout_s: float) -> None:
        self.over: Said | None = None
        self.heard: list[Said] = []
        self._inside = inside
        self._reader = reader
        self._timeout_s = timeout_s
        self._budget_s = _BUDGET_S / max(1, len(asked.requests))
        self._mix = Mix(asked)
        self._rng = random.Random(0)
        self._jar = Jar() if asked.cookies else None
        self._values = self._mix.values(self._rng, self._mix.login, row=0)

    def log_in(self) -> Iterator[Answered]:
        """Send each request of the login once."""
        for step in self._mix.login:
            if self.over is None:
                yield self._visited(step, often=False)

    def visit(self, chosen: list[AskedRequest]) -> Iterator[Answered]:
        """Send each of these, after what goes before it; one that asks for no change a few times more."""
        for chain in self._mix.each:
            asked = chain[-1].asked
            if self.over is None and asked in chosen:
                self._values |= self._mix.values(self._rng, chain)
                for step in chain[:-1]:
                    self._send(step, 1)
                yield self._visited(chain[-1], often=asked.method in SAFE)

    def explained(self, answers: list[Answered]) -> Iterator[Answered]:
        """The same answers, those with an error page with the exception behind it, where one is seen.

        Each of them is sent once more, and watched, which takes long.
        """
        over = self.over
        steps = {chain[-1].asked.name: chain[-1] for chain in self._mix.each}
        for answer in answers:
            said: Said = {}
            if answer.status == _ERROR and answer.raised is None:
                said, _ = self._send(steps[answer.name], 1, watched=True)
            yield replace(answer, raised=self._reader.raised(said["raised"])) if said else answer
        # Whatever the watching did to it, it had answered before.
        self.over = over

    def _visited(self, step: Prepared, *, often: bool) -> Answered:
        first, fault = self._send(step, 1)
        if not first:
            return self._reader.unanswered(step.asked)
        again: Said = {}
        if often and first["ms"][0] < 1000 * _BUDGET_S:
            again, _ = self._send(step, _CALLS - 1)
        return self._reader.answered(step.asked, first, again, fault)

    def _send(self, step: Prepared, calls: int, *, watched: bool = False) -> tuple[Said, str]:
        """What was said of a request, and why it isn't what its user expects; nothing where all is over."""
        if self.over:
            return {}, ""
        request = step.request(self._values, self._jar.field(step.asked.path) if self._jar else "")
        headers = {"Host": request.host or HOST, "Accept": "*/*", **request.headers}
        command = {
            "method": request.method,
            "path": request.path,
            "headers": list(headers.items()),
            "body": base64.b64encode(request.body).decode(),
            "calls": calls,
            "budget_s": self._budget_s,
            "watched": watched,
        }
        said = self._inside.ask(command, self._timeout_s + self._budget_s)
        if said.get("kind"):
            self.over = said
            return {}, ""
        self.heard.append(said)
        return said, self._kept(step.asked, request.path, said)

    def _kept(self, asked: AskedRequest, path: str, said: Said) -> str:
        """Keep cookies and values of an answer; what was missing in it."""
        fields = [(str(name).lower(), str(value)) for name, value in said["headers"]]
        body = base64.b64decode(said["body"])
        if self._jar is not None:
            for name, value in fields:
                if name == "set-cookie":
                    self._jar.take(value, path)
        if asked.contains and asked.contains.encode() not in body:
            return f"its body has no {asked.contains!r}"
        seen = look(asked, fields, body)
        self._values |= seen.values
        return seen.detail
