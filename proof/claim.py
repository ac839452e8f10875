"""What a claim of the proof is."""

from __future__ import annotations

from dataclasses import dataclass

from proof.evidence import Prove


@dataclass(frozen=True)
class Claim:
    """Something said of the measurement, and how it is tried.

    Attributes:
        runs: the directories that it keeps runs in; claims that share runs share one.
        full, quick: with the sizes that `must_be` is about, and with those that fit into minutes.
    """

    name: str
    title: str
    must_be: str
    runs: tuple[str, ...]
    full: Prove
    quick: Prove
