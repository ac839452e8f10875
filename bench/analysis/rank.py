"""Ranks of the cases of a group, in which cases may tie.

'Ties with' is not transitive: a may tie with b and b with c while a beats c. The rule here: go through the
cases from the best estimate down. The first leads rank 1. Each next one shares the current rank if it ties
with the rank's leader; otherwise it leads a new rank, numbered one more than the cases before it. So every
case of a rank ties with its leader, no leader ties with the one before it, and nothing depends on the order
in which pairs were tested. Neighbours in different ranks may still tie with each other: the comparisons say
so.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from bench.model import Rank


def rank(group: str, best_first: Sequence[str], better: Set[tuple[str, str]]) -> tuple[Rank, ...]:
    """Rank the cases of one group.

    Args:
        best_first: ids of the valid cases, by estimate.
        better: (better, worse) ids of the pairs that could be told apart; all others tie.
    """
    ranks: list[Rank] = []
    for position, case in enumerate(best_first, 1):
        if ranks and (ranks[-1].cases[0], case) not in better:
            ranks[-1] = Rank(group, ranks[-1].rank, (*ranks[-1].cases, case))
        else:
            ranks.append(Rank(group, position, (case,)))
    return tuple(ranks)
