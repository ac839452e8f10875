"""What is right of a page that the harness knows nothing about: what its first answers were.

A scenario of ours says what a right answer is. `GET /` of somebody's application can't: there the first
probes say it, and every later answer is held to them. Status, media type and the place that a Location names
are to be the same. Lengths may leave the range that the probes saw by a margin, since the probes of one
moment don't see what a counter, a clock or an hour's data make of a page. A page without a body is always
wrong where the probes saw one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.model import Learned

SHORTER_BYTES, LONGER_BYTES, SAME_PERCENT = 2, 8, 2
"""The margins where the probes saw the same bytes each time: clocks lose a digit, counters get several."""
VARIED_BYTES, VARIED_PERCENT, VARIED_RANGES = 32, 5, 2
"""The margin where they didn't: counters grow, and a few probes see neither the shortest nor the longest."""
_REST = "*"
_SHOWN = 200
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Look:
    """One answer as a probe saw it; header fields as they were sent, empty or None where they weren't."""

    status: int
    location: bytes | None
    body: bytes
    content_type: bytes


class Held:
    """Judges answers by what was learned; made for one target, whose own host a Location may name.

    Attributes:
        status: that of every right answer.
    """

    def __init__(self, learned: Learned, host: str) -> None:
        self.status = learned.status
        self._learned = learned
        self._host = host
        self._low, self._high = accepted(learned)
        # As the last right answer sent them: most send the same bytes each time.
        self._content_type: bytes | None = None
        self._location: bytes | None = None

    def fault(
        self, status: int, location: bytes | None, body: bytes, content_type: bytes = b""
    ) -> str | None:
        """The kind of error that a response shows: "status", "location", "type" or "length"; else None."""
        return self.fault_without_body(status, location, content_type) or self.fault_of_length(len(body))

    def fault_without_body(self, status: int, location: bytes | None, content_type: bytes) -> str | None:
        """`fault`, as far as a response's head shows it."""
        if status != self.status:
            return "status"
        if location != self._location or location is None:
            if not _same_place(self._learned.location, place(location, self._host)):
                return "location"
            self._location = location
        if content_type != self._content_type:
            if media_type(content_type) != self._learned.media_type:
                return "type"
            self._content_type = content_type
        return None

    def fault_of_length(self, length: int) -> str | None:
        """`fault`, as far as a body's length shows it."""
        return None if self._low <= length <= self._high else "length"


def learn(looks: Sequence[Look], host: str, *, scenario: str, endpoint: str, request: str) -> Learned:
    """What several right answers have in common; the first says what all others are like.

    A look of another status or type than the first is left out, and one without a body where others have one:
    that is an answer gone wrong, and will be counted as such.
    """
    first = looks[0]
    like = [
        look
        for look in looks
        if look.status == first.status and media_type(look.content_type) == media_type(first.content_type)
    ]
    like = [look for look in like if look.body] or like
    places = {place(look.location, host) for look in like}
    lengths = [len(look.body) for look in like]
    return Learned(
        deployment="",
        scenario=scenario,
        endpoint=endpoint,
        request=request,
        probes=len(like),
        status=first.status,
        media_type=media_type(first.content_type),
        location=_common(sorted(p for p in places if p is not None)),
        shortest=min(lengths),
        longest=max(lengths),
        varies=len({look.body for look in like}) > 1,
    )


def accepted(learned: Learned) -> tuple[int, int]:
    """The shortest and the longest body that is right, bytes."""
    shortest, longest = learned.shortest, learned.longest
    if longest == 0:
        return 0, 0
    share = longest * SAME_PERCENT // 100
    shorter, longer = SHORTER_BYTES + share, LONGER_BYTES + share
    if learned.varies:
        shorter = longer = (
            VARIED_BYTES + longest * VARIED_PERCENT // 100 + VARIED_RANGES * (longest - shortest)
        )
    return max(shortest - shorter, min(shortest, 1)), longest + longer


def media_type(content_type: bytes) -> str:
    """A media type without its parameters; empty without any."""
    return shown(content_type.partition(b";")[0].strip().lower())


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
    text = field[:_SHOWN].decode("latin-1")
    return "".join(character if character.isprintable() else _UNPRINTABLE for character in text)


def in_words(learned: Learned) -> str:
    """What is right, e.g. "200, text/html, 1,540 to 1,580 bytes (1,390 to 1,730 are taken)"."""
    low, high = accepted(learned)
    lengths = size(learned.longest)
    if learned.shortest != learned.longest:
        lengths = f"{learned.shortest:,} to {size(learned.longest)}"
    head = [kind_in_words(learned.status, learned.media_type, learned.location), lengths]
    return ", ".join(head) + (f" ({low:,} to {high:,} are taken)" if high else "")


def look_in_words(look: Look) -> str:
    """What an answer was, in the same words."""
    location = None if look.location is None else shown(look.location)
    return f"{kind_in_words(look.status, media_type(look.content_type), location)}, {size(len(look.body))}"


def kind_in_words(status: int, type_: str, location: str | None) -> str:
    """Status, place and type, e.g. "302 to /login" or "200, text/html"."""
    to = f"{status} to {location}" if location is not None else f"{status}"
    return f"{to}, {type_}" if type_ else to


def size(length: int) -> str:
    """A body's length in words."""
    return "no body" if length == 0 else f"{length:,} byte{'' if length == 1 else 's'}"


def _common(places: Sequence[str]) -> str | None:
    """The place that all lead to, or the folder above them with `*` for what differs."""
    if not places or len(set(places)) == 1:
        return places[0] if places else None
    shared = []
    for column in zip(*(one.split("/")[:-1] for one in places), strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "/".join([*shared, _REST])


def _same_place(learned: str | None, found: str | None) -> bool:
    if learned is None or found is None or not learned.endswith(_REST):
        return learned == found
    return found.startswith(learned.removesuffix(_REST))
