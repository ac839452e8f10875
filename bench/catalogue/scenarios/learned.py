"""What is right of a page that the harness knows nothing about: what its first answers were.

A scenario of ours says what a right answer is. `GET /` of somebody's application can't: there the first
probes say it, and every later answer is held to them. Status, media type and the place that a Location names
are to be the same. Lengths may leave the range that the probes saw by a margin, since the probes of one
moment don't see what a counter, a clock or an hour's data make of a page. A page without a body is always
wrong where the probes saw one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.catalogue.scenarios.request import Expect, Scenario
from bench.model import Learned
from bench.model.excerpt import decoded
from bench.model.pages import accepted, kind_in_words, size

ENOUGH_S = 1.0
"""For so long a page is asked until it is known, or fewer times than a fast one is in that time."""
_REST = "*"
_SHOWN = 200
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class Answered(NamedTuple):
    """A whole response, as far as it is told from others; header fields as they were sent, if they were."""

    status: int
    location: bytes | None
    content_type: bytes | None
    size: int


@dataclass(frozen=True)
class Held(Expect):
    """What was learned, as what is expected of a target.

    Attributes:
        host: of the target, which a Location may name.
        place: as the function of that name gives it.
        sizes: the shortest and the longest body that is right.
    """

    host: str = ""
    media_type: str = ""
    place: str | None = None
    sizes: tuple[int, int] = (0, 0)

    def head_fault(
        self, status: int, location: bytes | None, content_type: bytes | None = None
    ) -> str | None:
        if status != self.status:
            return "status"
        if not _same_place(self.place, place(location, self.host)):
            return "location"
        return None if media_type(content_type) == self.media_type else "type"

    def size_fault(self, size: int) -> str | None:
        return None if self.sizes[0] <= size <= self.sizes[1] else "length"


def held(learned: Learned, host: str, expect: Expect | None = None) -> Held:
    """What is expected of a target with this host, once its page is known.

    Args:
        expect: what was expected before.
    """
    return Held(
        status=learned.status,
        contains=expect.contains if expect is not None else None,
        host=host,
        media_type=learned.media_type,
        place=learned.location,
        sizes=accepted(learned),
    )


def learns(scenario: Scenario) -> bool:
    """Whether its pages are learned, one after the other, before they are measured."""
    return next(scenario.requests(random.Random(0))).expect.learned


def learn(
    answers: Sequence[Answered],
    host: str,
    *,
    scenario: str,
    endpoint: str,
    request: str,
    any_length: bool = False,
) -> Learned:
    """What several right answers have in common; the first says what all others are like.

    One of another status or type than the first is left out, and one without a body where others have one:
    that is an answer gone wrong, and will be counted as such.

    Args:
        any_length: whether later lengths aren't held to those of these.
    """
    first = answers[0]
    kind = media_type(first.content_type)
    like = [
        answer
        for answer in answers
        if answer.status == first.status and media_type(answer.content_type) == kind
    ]
    like = [answer for answer in like if answer.size] or like
    places = {place(answer.location, host) for answer in like}
    return Learned(
        deployment="",
        scenario=scenario,
        endpoint=endpoint,
        request=request,
        probes=len(like),
        status=first.status,
        media_type=kind,
        location=_common(sorted(p for p in places if p is not None)),
        shortest=min(answer.size for answer in like),
        longest=max(answer.size for answer in like),
        any_length=any_length,
    )


@lru_cache(maxsize=64)
def media_type(content_type: bytes | None) -> str:
    """A media type without its parameters; empty without any."""
    return shown((content_type or b"").partition(b";")[0].strip().lower())


@lru_cache(maxsize=256)
def place(location: bytes | None, host: str) -> str | None:
    """Where a Location leads: the host, unless it is the one that was asked, and the path.

    Not the query, which may hold a token that is another each time.
    """
    if location is None:
        return None
    text = shown(location)
    try:
        parts = urlsplit(text)
    except ValueError:
        return text.partition("?")[0]
    if not parts.netloc or (parts.scheme in ("", "http") and parts.netloc.lower() == host.lower()):
        return (f"{parts.scheme}:" if parts.scheme and not parts.netloc else "") + parts.path
    return f"{parts.scheme}{':' if parts.scheme else ''}//{parts.netloc.lower()}{parts.path}"


def shown(field: bytes) -> str:
    """A header field's value as it can be printed."""
    text = decoded(field[:_SHOWN])
    return "".join(character if character.isprintable() else _UNPRINTABLE for character in text)


def in_words(learned: Learned) -> str:
    """What is right, e.g. "200, text/html, 1,540 to 1,580 bytes (1,390 to 1,730 are taken)"."""
    low, high = accepted(learned)
    lengths = size(learned.longest)
    if learned.shortest != learned.longest:
        lengths = f"{learned.shortest:,} to {size(learned.longest)}"
    head = [kind_in_words(learned.status, learned.media_type, learned.location), lengths]
    taken = "any length is taken" if learned.any_length else f"{low:,} to {high:,} are taken"
    return ", ".join(head) + (f" ({taken})" if high else "")


def answer_in_words(answer: Answered) -> str:
    """What an answer was, in the same words."""
    location = None if answer.location is None else shown(answer.location)
    return f"{kind_in_words(answer.status, media_type(answer.content_type), location)}, {size(answer.size)}"


def _common(places: Sequence[str]) -> str | None:
    """The place that all lead to, or the folder above them with `*` for what differs."""
    if not places or len(set(places)) == 1:
        return places[0] if places else None
    shared = []
    for column in zip(*(path.split("/")[:-1] for path in places), strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "/".join([*shared, _REST])


def _same_place(learned: str | None, answered: str | None) -> bool:
    if learned is None or answered is None or not learned.endswith(_REST):
        return learned == answered
    return answered.startswith(learned.removesuffix(_REST))
