"""Asking an endpoint that no scenario knows, until it is known what its right answers are like.

A probe asks it several times: where the answers differ in length, the later ones may as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

from bench.catalogue.scenarios.learned import (
    Answered,
    answer_in_words,
    held,
    in_words,
    learn,
    shown,
)
from bench.catalogue.scenarios.request import REDIRECTS, SAFE, Request
from bench.model import Learned

_PROBES = 20
_FEWEST = 3
_BAD_REQUEST = 400
# A page that is slower than `ENOUGH_S` gets the fewest, and one that takes long not even these.
_MOST_S = 2.0


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
    host = request.host or host
    expect = request.expect if learned is None else held(learned, host, request.expect)
    asked = ask(replace(request, expect=expect))
    if not asked.fault:
        return asked
    named = request.named
    instead = _instead(request, asked, asked.answered, learned) if asked.answered is not None else ""
    return replace(asked, detail=f"{named} {instead}" if instead else f"{named}: {asked.detail}")


def know(
    request: Request,
    host: str,
    scenario: str,
    first: Answered,
    ask: Callable[[Request], Asked],
    enough_s: float,
) -> Learned:
    """Ask again a few times, and put together what the right answers were like.

    Args:
        enough_s: for so long a page is asked, if it is asked the fewest times.
    """
    answers = [first]
    took_s: list[float] = []
    began = time.monotonic()
    # What asks for a change makes one each time.
    for asked in range(1, _PROBES if request.method in SAFE else _FEWEST):
        spent_s = time.monotonic() - began
        if spent_s > _MOST_S or (spent_s > enough_s and asked >= _FEWEST):
            break
        answer = ask(request)
        if not answer.fault and answer.answered is not None:
            answers.append(answer.answered)
            took_s.append(time.monotonic() - began - spent_s)
    page = learn(
        answers,
        request.host or host,
        scenario=scenario,
        endpoint=request.endpoint,
        request=request.named,
        any_length=request.expect.any_length,
    )
    return replace(page, answer_s=median(took_s)) if took_s else page


def _instead(request: Request, asked: Asked, answered: Answered, learned: Learned | None) -> str:
    """What is wrong with an answer, where there is more to say than that it wasn't the expected one."""
    if learned is not None:
        return (
            f"answered {in_words(learned)} when this run began, and answers {answer_in_words(answered)} now. "
            f"Find out what has changed, or start a new run"
        )
    if answered.status in REDIRECTS and request.expect.page:
        to = f" to {shown(answered.location)}" if answered.location is not None else ", without a Location"
        redirect = f"answers {answered.status}{to}, which would measure the redirect and no page"
        return f"{redirect}. {_way_out(request, answered)}"
    if request.asked is not None and request.asked.status is None and answered.status >= _BAD_REQUEST:
        hosts = ", or name a host that the application allows: --host NAME" * (
            answered.status == _BAD_REQUEST
        )
        got = asked.detail.partition("; got status ")[2] or answered.status
        return f"answers {got}. Correct the request, or expect that status{hosts}"
    return ""


def _way_out(request: Request, answered: Answered) -> str:
    if request.asked is None:
        return (
            f"Have {request.path} answered with a page, or measure the redirect as such: --scenarios redirect"
        )
    if (answered.location or b"").startswith(b"https://"):
        return "Say that TLS ends before it: --header 'X-Forwarded-Proto: https'; or expect that status"
    return "Ask for another path, have users log in first (`login` of a scenario file), or expect that status"
