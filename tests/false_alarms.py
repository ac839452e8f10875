"""How often a run of identical servers claims any difference, over all that it compares.

Each figure's family of pairs has a false alarm in 5 % of runs; how often any of them has, no test promises.

    python -m tests.false_alarms [RUNS]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from bench.analysis import analyse
from tests.make_suite import make_suite

SERVERS = "abcde"
RESTARTS = (0.0, 0.01, 0.03)
"""Standard deviations between the rounds of a server, as a fraction, which take turns."""


def false_claims(runs: int, first_seed: int = 0) -> Iterator[set[str]]:
    """The figures in which each of so many runs claims a difference of five servers that have none."""
    for seed in range(first_seed, first_seed + runs):
        suite = make_suite(
            dict.fromkeys(SERVERS, 3000.0),
            open_rate=600.0,
            seed=seed,
            restart_sd=RESTARTS[seed % len(RESTARTS)],
        )
        yield {pair.figure for pair in analyse(suite).comparisons if pair.claimed}


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    claims = list(false_claims(runs))
    each = Counter(figure for claimed in claims for figure in claimed)
    by_figure = ", ".join(f"{figure} {count / runs:.1%}" for figure, count in sorted(each.items()))
    print(f"{sum(map(bool, claims)) / runs:.1%} of {runs:,} runs claim a difference: {by_figure or 'none'}")


if __name__ == "__main__":
    main()
