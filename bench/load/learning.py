"""Asking an endpoint that no scenario knows, until it is known what its right answers are like.

A probe asks it several times: where the answers differ in length, the later ones may as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.model import Learned
from bench.scenarios.learned import Held, Look, in_words, learn, look_in_words, shown
from bench.scenarios.request import REDIRECTS, Judge, Request

_PROBES = 20
_FEWEST = 3
# A slow page gets the fewest, and one that takes very long not even these.
_ENOUGH_S = 1.0
_MOST_S = 10.0

Ask = Callable[[Judge], tuple[str, str]]
"""Asks once, with this judge of the answer: error kind and detail, empty for a right answer."""


class Witness:
    """Judges as another does, and keeps what it was shown."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.looks: list[Look] = []

    def fault(
        self, status: int, location: bytes | None, body: bytes, content_type: bytes = b""
    ) -> str | None:
        self.looks.append(Look(status, location, body, content_type))
        return self._judge.fault(status, location, body, content_type)


def look(request: Request, host: str, learned: Learned | None, ask: Ask) -> tuple[str, str, Look | None]:
    """Ask once: error kind and detail, and the answer if it is right."""
    witness = Witness(request.expect if learned is None else Held(learned, host))
    fault, detail = ask(witness)
    if not fault:
        return "", "", witness.looks[-1]
    named = f"{request.method} {request.path}"
    instead = _instead(request, witness.looks[-1], learned) if witness.looks else ""
    return fault, f"{named} {instead}" if instead else f"{named}: {detail}", None


def know(request: Request, host: str, scenario: str, first: Look, ask: Ask) -> Learned:
    """Ask again a few times, and put together what the right answers were like."""
    looks = [first]
    began = time.monotonic()
    for asked in range(1, _PROBES):
        spent_s = time.monotonic() - began
        if spent_s > _MOST_S or (spent_s > _ENOUGH_S and asked >= _FEWEST):
            break
        witness = Witness(request.expect)
        fault, _ = ask(witness)
        if not fault:
            looks += witness.looks
    return learn(
        looks, host, scenario=scenario, endpoint=request.endpoint, request=f"{request.method} {request.path}"
    )


def _instead(request: Request, found: Look, learned: Learned | None) -> str:
    """What is wrong with an answer, where there is more to say than that it wasn't the expected one."""
    if learned is not None:
        return (
            f"answered {in_words(learned)} when this run began, and answers {look_in_words(found)} now. Find "
            f"out what has changed, or start a new run"
        )
    if found.status in REDIRECTS and request.expect.page:
        to = f" to {shown(found.location)}" if found.location is not None else ", without a Location"
        return (
            f"answers {found.status}{to}, which would measure the redirect and no page. Have "
            f"{request.path} answered with a page, or measure the redirect as such: --scenarios redirect"
        )
    return ""
