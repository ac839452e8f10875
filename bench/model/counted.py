"""Numbers of things in words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def count(amount: int, noun: str) -> str:
    """ "1 server", "2 servers" """
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in order, three or more that follow each other as a range: "0, 1, 4-7"."""
    runs = groupby(enumerate(sorted(set(numbers))), key=lambda pair: pair[1] - pair[0])
    listed = ([number for _, number in run] for _, run in runs)
    shown = ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run) for run in listed)
    return ", ".join(text for texts in shown for text in texts)
