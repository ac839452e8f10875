"""A user who sends a scenario's requests to an application in this process, and keeps what it gets."""

from __future__ import annotations

import base64

from bench.model.preflight import Answered
from bench.model.scenario import AskedRequest, AskedScenario
from bench.preflight.inside import Inside, Said
from bench.preflight.reading import Reader, cookie_of

_CALLS = 5
# Of all requests together, beside the first call of each.
_BUDGET_S = 2.0
_ONCE = ("POST", "PUT", "PATCH", "DELETE")


class Visitor:
    """One user.

    Attributes:
        over: what became of the process, once it is gone or stands still.
        heard: all that the process said after each request.
    """

    def __init__(self, inside: Inside, scenario: AskedScenario, reader: Reader, timeout_s: float) -> None:
        self._inside = inside
        self._scenario = scenario
        self._reader = reader
        self._timeout_s = timeout_s
        self._budget_s = _BUDGET_S / max(1, len(scenario.requests))
        self._cookies: dict[str, str] = {}
        self.over: Said | None = None
        self.heard: list[Said] = []

    def visit(self, request: AskedRequest) -> Answered:
        """Send a request once, and one that changes nothing a few times more."""
        first = self._send(request, 1)
        if first.get("kind"):
            self.over = first
            return Answered(request.name, self._reader.request(request))
        again: Said = {}
        if request.method not in _ONCE and first["ms"][0] < 1000 * _BUDGET_S:
            again = self._send(request, _CALLS - 1)
            if again.get("kind"):
                self.over, again = again, {}
        return self._reader.answered(request, first, again)

    def _send(self, request: AskedRequest, calls: int) -> Said:
        said = self._inside.ask(
            {
                "method": request.method,
                "path": request.path,
                "headers": self._headers(request),
                "body": base64.b64encode(request.body.encode("utf-8", "surrogateescape")).decode(),
                "calls": calls,
                "budget_s": self._budget_s,
                "limit_s": self._timeout_s + self._budget_s,
            }
        )
        if not said.get("kind"):
            self.heard.append(said)
            if self._scenario.cookies:
                self._keep(said["headers"])
        return said

    def _headers(self, request: AskedRequest) -> list[tuple[str, str]]:
        headers = {"Host": self._scenario.host or "127.0.0.1:8000", "Accept": "*/*"}
        headers |= dict(request.headers)
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return list(headers.items())

    def _keep(self, headers: list[list[str]]) -> None:
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, kept = cookie_of(value)
                self._cookies.pop(key, None)
                if kept is not None:
                    self._cookies[key] = kept
