"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        name: the check's, in kebab case.
        state: "problem" would make a run fail or its figures invalid, "warning" makes them noisier or
            less general, "unknown" is what this machine doesn't show.
        found: the fact.
        why: what it has to do with measuring.
        fix: what to do, with a command where there is one; empty where nothing is to be done.
    """

    name: str
    state: State
    found: str
    why: str
    fix: str = ""


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1024:.0f} KiB"
