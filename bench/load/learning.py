"""Asking an endpoint that no scenario knows, until it is known what its right answers are like.

A probe asks it several times: where the answers differ in length, the later ones may as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.catalogue.scenarios.learned import (
    ENOUGH_S,
    Answered,
    answer_in_words,
    held,
    in_words,
    learn,
    shown,
)
from bench.catalogue.scenarios.request import REDIRECTS, Request
from bench.model import Learned

_PROBES = 20
_FEWEST = 3
# A page that is slower than `ENOUGH_S` gets the fewest, and one that takes very long not even these.
_MOST_S = 10.0


@dataclass(frozen=True)
class Asked:
    """Error kind and detail, empty for a right answer; how many bytes came, and what a whole answer was.

    Attributes:
        data: how the answer began, as it came.
    """

    fault: str
    detail: str
    received: int
    answered: Answered | None
    data: bytes = b""


def look(request: Request, host: str, learned: Learned | None, ask: Callable[[Request], Asked]) -> Asked:
    """Ask once, and hold the answer to what was learned, if anything was; the detail names the request."""
    asked = ask(request if learned is None else replace(request, expect=held(learned, host)))
    if not asked.fault:
        return asked
    named = f"{request.method} {request.path}"
    instead = _instead(request, asked.answered, learned) if asked.answered is not None else ""
    return replace(asked, detail=f"{named} {instead}" if instead else f"{named}: {asked.detail}")


def know(
    request: Request, host: str, scenario: str, first: Answered, ask: Callable[[Request], Asked]
) -> Learned:
    """Ask again a few times, and put together what the right answers were like."""
    answers = [first]
    began = time.monotonic()
    for asked in range(1, _PROBES):
        spent_s = time.monotonic() - began
        if spent_s > _MOST_S or (spent_s > ENOUGH_S and asked >= _FEWEST):
            break
        answer = ask(request)
        if not answer.fault and answer.answered is not None:
            answers.append(answer.answered)
    named = f"{request.method} {request.path}"
    return learn(answers, host, scenario=scenario, endpoint=request.endpoint, request=named)


def _instead(request: Request, answered: Answered, learned: Learned | None) -> str:
    """What is wrong with an answer, where there is more to say than that it wasn't the expected one."""
    if learned is not None:
        return (
            f"answered {in_words(learned)} when this run began, and answers {answer_in_words(answered)} now. "
            f"Find out what has changed, or start a new run"
        )
    if answered.status in REDIRECTS and request.expect.page:
        to = f" to {shown(answered.location)}" if answered.location is not None else ", without a Location"
        return (
            f"answers {answered.status}{to}, which would measure the redirect and no page. Have "
            f"{request.path} answered with a page, or measure the redirect as such: --scenarios redirect"
        )
    return ""
