"""The heads of right answers, by which the heads of later ones are read without being parsed.

Most pages differ each time: they set a cookie, are dated or numbered, are of another length. A new head is
compared with the parts that earlier right heads share. Between these parts three kinds of values may differ:
of fields that don't matter (Date, Set-Cookie), of Content-Length, and of Location; the last two are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from bench.catalogue.scenarios.request import Expect
from bench.load.content import MOST_BYTES
from bench.load.head import BODILESS, Head, read_field

_MOST_KINDS = 8
_MOST_DIGITS = len(str(MOST_BYTES))
_FOLDED = (b" ", b"\t")

Says = Literal["", "length", "place"]
Begun = tuple[Head, int, int | None]
"""What a right head says, where what follows it begins, and how long that is; None where it doesn't say.

The `length` within the head may be that of another answer.
"""


class Kind:
    """The head that some right answers have in common.

    Args:
        head, lines: of one of them.
        expect: what that one was held to.
        differing: the numbers of the lines whose values may be any.
    """

    __slots__ = ("_bodiless", "_differing", "_expect", "_first", "_head", "_lines", "_openings", "_rest")

    def __init__(self, head: Head, lines: Sequence[bytes], expect: Expect, differing: frozenset[int]) -> None:
        self._head = head
        self._lines = lines
        self._expect = expect
        self._differing = differing
        self._openings = _openings(lines)
        self._bodiless = head.status in BODILESS
        text = b"\n".join(lines) + b"\r\n\r\n"
        segments, at, start = [], 0, 0
        for number, line in enumerate(lines):
            if number in differing:
                segments.append(text[at : start + len(self._openings[number][0])])
                at = text.index(b"\n", start)
            start += len(line) + 1
        self._first, *rest = *segments, text[at:]
        says = [self._openings[number][1] for number in sorted(differing)]
        self._rest = tuple(zip(rest, says, strict=True))

    def read(self, answer: bytes | bytearray, expect: Expect, head_only: bool) -> Begun | None:
        """What the head of an answer of this kind says; None if it isn't of it, or not right."""
        if not answer.startswith(self._first):
            return None
        at, length, place = len(self._first), self._head.length, None
        for segment, says in self._rest:
            end = answer.find(b"\n", at)
            if not answer.startswith(segment, end):
                return None
            if says == "place":
                place = bytes(answer[at:end]).strip()
            elif says:
                digits = answer[at:end].strip()
                if not digits.isdigit() or len(digits) > _MOST_DIGITS:
                    return None
                length = int(digits)
            at = end + len(segment)
        if answer.find(b"\0", 0, at) >= 0:
            return None
        head = self._head if place is None else replace(self._head, location=place)
        if (place is not None or expect is not self._expect) and expect.head_fault(
            head.status, head.location, head.content_type
        ):
            return None
        return head, at, 0 if head_only or self._bodiless else length

    def widened(self, head: Head, lines: Sequence[bytes], expect: Expect) -> Kind | None:
        """The kind of which another right answer is, too; None if it differs elsewhere."""
        if len(lines) != len(self._lines):
            return None
        differing = {n for n, (line, own) in enumerate(zip(lines, self._lines, strict=True)) if line != own}
        if not all(n in self._openings and lines[n].startswith(self._openings[n][0]) for n in differing):
            return None
        return Kind(head, lines, expect, self._differing | differing)


class Likeness:
    """What is known of the heads of right answers to one endpoint."""

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: list[Kind] = []

    def note(self, head: Head, text: bytes, expect: Expect) -> None:
        """Take a right head that had to be parsed.

        Args:
            text: as `head.parse` got it.
        """
        lines = text[:-1].split(b"\n")
        if not text.endswith(b"\r") or any(line[:1] in _FOLDED for line in lines):
            return
        for number, kind in enumerate(self._kinds):
            widened = kind.widened(head, lines, expect)
            if widened is not None:
                self._kinds[number] = widened
                return
        self._kinds = [*self._kinds[-_MOST_KINDS + 1 :], Kind(head, lines, expect, frozenset())]

    def read(self, answer: bytes | bytearray, expect: Expect, head_only: bool) -> Begun | None:
        """What the head of an answer says; None where it has to be parsed for it, or may be wrong."""
        for kind in self._kinds:
            begun = kind.read(answer, expect, head_only)
            if begun is not None:
                return begun
        return None


def _openings(lines: Sequence[bytes]) -> Mapping[int, tuple[bytes, Says]]:
    """The lines that may differ, by number: how each begins, and what its value says of the answer."""
    fields = {number: read_field(line) for number, line in enumerate(lines[1:], 1)}
    names = [field[0] for field in fields.values() if field]
    may: dict[bytes, Says] = {}
    if names.count(b"content-length") == 1 and b"transfer-encoding" not in names:
        may[b"content-length"] = "length"
    if names.count(b"location") == 1:
        may[b"location"] = "place"
    return {
        number: (lines[number][: lines[number].index(b":") + 1], may[field[0]] if field else "")
        for number, field in fields.items()
        if field is None or field[0] in may
    }
