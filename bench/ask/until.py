"""What goes with a run that is to go on until its ratios are known well enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.analysis.known import FEWEST_ROUNDS
from bench.plan.layout import Profile


def wrong_until(given: Mapping[str, Any], profile: Profile, measured: int) -> Iterator[str]:
    """A sentence for what doesn't go with `--until`.

    Args:
        given: the user's settings, by name.
        measured: how many servers or targets.
    """
    if "until" not in given:
        return
    if given.get("rounds", FEWEST_ROUNDS) < FEWEST_ROUNDS:
        yield (
            f"--rounds {given['rounds']} with --until: how well ratios are known is told by {FEWEST_ROUNDS} "
            f"rounds or more. Give it as many, or leave one of the two out."
        )
    if given.get("blocks", 2) < 2:
        yield (
            "--blocks 1 with --until: no interval may be narrower than its blocks imply, which takes two a "
            "round. Give it as many, or leave one of the two out."
        )
    if measured == 1 and not profile.twin:
        yield (
            f"--until is about ratios, and the {profile.name} profile measures one server without a twin: "
            f"there would be none. Measure two, or use --profile standard."
        )
