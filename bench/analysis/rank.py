"""Ranks of the cases of a group: the places that each may have, as far as a run knows them.

A case's place is at least one more than the cases that are surely better, and at most the number of cases but
for those that are surely worse. 'Ties with' is not transitive: a may tie with b and b with c while a beats c.
Then a is 1 or 2, b any of the three, c 2 or 3. Nothing depends on the order in which pairs were tested.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import groupby

from bench.model import Rank


def rank(group: str, best_first: Sequence[str], better: Set[tuple[str, str]]) -> tuple[Rank, ...]:
    """Rank the cases of one group: neighbours that may have the same places share an entry.

    Args:
        best_first: ids of the valid cases, by estimate.
        better: (better, worse) ids of the pairs that could be told apart; all others tie.
    """

    def places(case: str) -> tuple[int, int]:
        ahead = sum((other, case) in better for other in best_first)
        behind = sum((case, other) in better for other in best_first)
        return 1 + ahead, len(best_first) - behind

    return tuple(
        Rank(group, first, tuple(cases), last) for (first, last), cases in groupby(best_first, key=places)
    )
