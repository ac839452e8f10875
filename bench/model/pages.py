"""A learned page in words, and which lengths are right of it."""

from __future__ import annotations

from bench.model.measured import Learned, Sample

SHORTER_BYTES, LONGER_BYTES, SAME_PERCENT = 2, 8, 2
"""The margins where all probes saw one length: clocks lose a digit, counters get several."""
VARIED_BYTES, VARIED_PERCENT, VARIED_RANGES = 32, 5, 2
"""The margin where they didn't: a few probes see neither the shortest nor the longest."""
_NO_LIMIT = 1 << 53


def accepted(learned: Learned) -> tuple[int, int]:
    """The shortest and the longest body that is right, bytes."""
    shortest, longest = learned.shortest, learned.longest
    if learned.any_length:
        return min(shortest, 1), _NO_LIMIT
    if longest == 0:
        return 0, 0
    share = longest * SAME_PERCENT // 100
    shorter, longer = SHORTER_BYTES + share, LONGER_BYTES + share
    if shortest != longest:
        shorter = longer = (
            VARIED_BYTES + longest * VARIED_PERCENT // 100 + VARIED_RANGES * (longest - shortest)
        )
    return max(shortest - shorter, min(shortest, 1)), longest + longer


def kind_in_words(status: int, type_: str, location: str | None) -> str:
    """The kind of a page: status, place and type, e.g. "302 to /login" or "200, text/html"."""
    to = f"{status} to {location}" if location is not None else f"{status}"
    return f"{to}, {type_}" if type_ else to


def size(length: int) -> str:
    """A body's length in words."""
    return "no body" if length == 0 else f"{length:,} byte{'' if length == 1 else 's'}"


def answers_in_words(sample: Sample) -> str:
    """What answers are like, e.g. "answers of 1,559 bytes that differ each time"."""
    length = "without a body" if sample.body_bytes == 0 else f"of {size(sample.body_bytes)}"
    return f"answers {length} that {'differ each time' if sample.differing else 'are the same each time'}"
