"""What is said of an application that gets slower, or faster, the longer it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.cases import measured
from bench.analysis.drift import alike
from bench.analysis.groups import grouped
from bench.model import Suite


def lines(suite: Suite) -> Iterator[str]:
    """A sentence for each closed load under which every server's throughput changes so."""
    known = measured(suite)
    for name, cases in grouped(case for case in suite.plan.cases if case.load.saturates).items():
        # Of one alone `drifting` says it.
        changes = alike([known[case.id] for case in cases]) if len(cases) > 1 else None
        if changes is None:
            continue
        least, most = (f"{100 * abs(change):.0f}" for change in changes)
        by = f"{least} %" if least == most else f"{least} to {most} %"
        how, why = (
            ("falls", "something grows with each request, as a list or a table")
            if changes[0] < 0
            else ("rises", "something has to fill first, as a cache")
        )
        again = "" if suite.plan.runtime == "external" else ", and begins anew after each restart"
        yield (
            f"{name}: the throughput of every server {how} by {by} from a round's first block to its last"
            f"{again}. Unless the machine does that after each start, the application does: {why}. What is "
            f"shown is the mean over rounds of this length."
        )
