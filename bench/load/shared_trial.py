"""One trial shared by several processes: what each does, and how their counts become one trial again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bench.load.adding import added
from bench.load.clock import now_ns
from bench.machine.place import Clock
from bench.model import Trial, TrialOrder

LEAD_NS = 20_000_000
"""How long it takes at most until all processes of this machine have their orders."""
_CLOSED_SETTLE_S = 0.1
_SETTLING_ANSWERS = 1.5
# Standard deviations of what is under way, which is about Poisson's.
_SPREAD = 4


def split(
    order: TrialOrder, processes: int, answer_s: float = 0.0, lead_ns: int = LEAD_NS
) -> list[TrialOrder]:
    """The order of each process, all with the same window; fewer where there are fewer users.

    The window opens at a moment that all know beforehand, so settling has to last as long as every user takes
    to be answered once, as far as that is known.

    Users are dealt out, and so is the cap of requests under way, with some to spare for each, since what is
    under way varies more in a part than in the whole. Independent Poisson streams at a share of
    the rate add up to one at the whole rate. The state is reset once, by the master.

    Args:
        answer_s: mean time of an answer in an earlier trial of this case; 0 without one.
        lead_ns: how long it takes at most until each has its order.
    """
    if order.load.waits:
        processes = min(processes, order.load.at_once)
    least_s = max(_CLOSED_SETTLE_S, _SETTLING_ANSWERS * answer_s) if order.load.waits else 0.0
    settle_ns = round(max(least_s, order.settle_s) * 1e9)
    opens_ns = now_ns() + lead_ns + settle_ns
    return [
        replace(
            order,
            load=replace(
                order.load,
                at_once=_at_once(order, processes, index),
                rate=None if order.load.rate is None else order.load.rate / processes,
            ),
            seed=f"{order.seed}/{index}",
            database=None,
            opens_ns=opens_ns,
            first_user=index,
            user_step=processes,
        )
        for index in range(processes)
    ]


def _at_once(order: TrialOrder, processes: int, index: int) -> int:
    share = order.load.at_once // processes + (index < order.load.at_once % processes)
    if order.load.waits or processes == 1:
        return share
    # The more processes, the further one of them is at times above its share while all together aren't.
    return share + _SPREAD * math.isqrt(share) + _SPREAD


def by(clock: Clock, order: TrialOrder) -> TrialOrder:
    """The order of a process whose clock isn't this one's."""
    opens_ns = None if order.opens_ns is None else clock.there(order.opens_ns)
    return replace(order, opens_ns=opens_ns, epoch_ns=clock.there(order.epoch_ns))


def merge(parts: Sequence[Trial]) -> Trial:
    """The whole trial. Counts and rates add up, histograms are added exactly, the busiest generator counts.

    The server's CPU time and the machine's counters are everybody's: they are taken from the first, with its
    window. The windows open together and close each with an answer, so `answers` are brought to its length.
    """
    first = parts[0]
    offered = sum(part.offered for part in parts)
    times = [(part.mean_s, part.begun) for part in parts if part.mean_s is not None and part.begun]
    begun = sum(number for _, number in times)
    errors, statuses, wrong = Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        errors.update(part.errors)
        statuses.update(part.statuses)
        wrong.update(part.wrong)
    return replace(
        first,
        offered=offered,
        ok=sum(part.ok for part in parts),
        answers=first.duration_s * sum(part.answers / part.duration_s for part in parts),
        failed=sum(part.failed for part in parts),
        dropped=sum(part.dropped for part in parts),
        dropped_late=sum(part.dropped_late for part in parts),
        unfinished=sum(part.unfinished for part in parts),
        errors=dict(errors),
        statuses=dict(statuses),
        wrong=dict(wrong),
        connections=sum(part.connections for part in parts),
        lost=sum(part.lost for part in parts),
        begun=begun,
        mean_s=sum(mean * number for mean, number in times) / begun if begun else None,
        syn_retransmits=sum(part.syn_retransmits or 0 for part in parts),
        fresh=sum(part.fresh or 0 for part in parts),
        unserved=sum(part.unserved for part in parts),
        early=sum(part.early for part in parts),
        sent=sum(part.sent or 0 for part in parts),
        silent_close=any(part.silent_close for part in parts),
        generator_cpu=max(part.generator_cpu for part in parts),
        histograms={
            name: added([part.histograms[name] for part in parts if name in part.histograms])
            for name in dict.fromkeys(name for part in parts for name in part.histograms)
        },
    )
