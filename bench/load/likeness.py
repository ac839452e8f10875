"""How the right answers to one request differ, where they differ in header fields that say nothing of them.

Many servers number their answers or date them. What is the same before and behind such fields is compared,
the lines between are read, and the rest of the answer needn't be parsed again.
"""

from __future__ import annotations

from bench.load.head import Malformed, read_field

_MOST_BYTES = 1 << 16
_EMPTY = (b"", b"\r")


class Likeness:
    """What the answers of a kind begin and end with; between come lines that say nothing of the answer."""

    __slots__ = ("_after", "_before", "_least")

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = before
        self._after = after
        self._least = len(before) + len(after)

    def holds(self, answer: bytearray) -> bool:
        """Whether this whole answer is of the kind."""
        if not (
            len(answer) >= self._least and answer.startswith(self._before) and answer.endswith(self._after)
        ):
            return False
        between = bytes(answer[len(self._before) : len(answer) - len(self._after)])
        return _says_nothing(between.split(b"\n"))


def likeness(answer: bytes, other: bytes) -> Likeness | None:
    """The kind of two different answers that are both right; None if they differ elsewhere."""
    if max(len(answer), len(other)) > _MOST_BYTES:
        return None
    these, those = answer.split(b"\n"), other.split(b"\n")
    least = min(len(these), len(those))
    first = next((i for i in range(least) if these[i] != those[i]), least)
    last = next((i for i in range(least - first) if these[-1 - i] != those[-1 - i]), least - first)
    before, between, after = these[:first], these[first : len(these) - last], these[len(these) - last :]
    if not before or not after or any(line in _EMPTY for line in before):
        return None
    if not (_says_nothing(between) and _says_nothing(those[first : len(those) - last])):
        return None
    return Likeness(b"\n".join(before) + b"\n", b"\n" + b"\n".join(after))


def _says_nothing(lines: list[bytes]) -> bool:
    """Whether these are header fields, each a line, that say nothing of the answer itself."""
    try:
        return all(line[:1] not in (b" ", b"\t") and read_field(line) is None for line in lines)
    except Malformed:
        return False
