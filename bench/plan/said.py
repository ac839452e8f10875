"""What a plan for slow pages does, and what it has no time for, in words."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.percentiles import PERCENTILES, open_load_s
from bench.model import Plan
from bench.model.counted import count
from bench.model.digits import a_second
from bench.model.loads.closed import settle_s
from bench.plan.duration import in_words, is_slow
from bench.plan.lengths import in_what
from bench.plan.pages import rate_expected

_SHORTER_MINUTES = 5
_WORTH_SAYING = 1.2
_LONG_S = 3600.0


def time_in_words(asked: Plan, plan: Plan) -> str:
    """How long a run takes for its pages, with what would make it shorter: "about 9 min 30 s, since a page
    takes 1.8 s; fewer pages, or --minutes 5 for wider intervals". Empty where pages make no difference.

    Args:
        asked: before anything was known of pages.
    """
    longer = plan.minutes is None and plan.expected_s > _WORTH_SAYING * asked.expected_s
    if not (longer or is_slow(plan)):
        return ""
    seconds = plan.expected_s if plan.minutes is None else min(plan.expected_s, plan.minutes * 60)
    about = f"about {in_words(seconds)}, since a page takes {_seconds(plan.page_s)}"
    shorter = longer and plan.expected_s > _SHORTER_MINUTES * 60
    return f"{about}; fewer pages, or --minutes {_SHORTER_MINUTES} for wider intervals" if shorter else about


def plan_in_words(plan: Plan) -> str:
    """How it measures slow pages: "a page takes 1.8 s: 4 users, not 16, so that each is answered in time;
    closed load settles for 2.7 s and counts for 3.6 s; 6 rounds of 1 closed block".
    """
    users = max((case.load.at_once for case in plan.cases if case.load.waits), default=0)
    asking = count(users, "user")
    if users < plan.users:
        asking += f", not {plan.users}, so that each is answered in time"
    settling = f" settles for {settle_s(plan):.2g} s and" if plan.settle_s else ""
    rounds = plan.counted_rounds
    opened = f" and {count(plan.open_blocks, 'open block')}" if plan.open_blocks else ""
    closed = f"closed load{settling} counts for {plan.trial_s.closed:.2g} s"
    blocks = f"{count(rounds, 'round')} of {count(plan.blocks, 'closed block')}{opened}"
    return f"a page takes {_seconds(plan.page_s)}: {asking}; {closed}; {blocks}"


def percentiles_in_words(plan: Plan) -> str:
    """What open load will tell, and what the next percentile takes; empty without open load in the plan, and
    of a plan that claims nothing.
    """
    if not plan.claims or all(case.load.waits for case in plan.cases):
        return ""
    rate = rate_expected(plan)
    seconds = plan.counted_rounds * plan.open_blocks * plan.trial_s.open
    told = [share for share in PERCENTILES if open_load_s(share, rate) <= seconds]
    missing = [share for share in PERCENTILES if share not in told]
    has = (
        f"{seconds:.0f} s of open load at {a_second(rate)} tell {_name(told[-1])}"
        if told
        else f"no time for open load at {a_second(rate)}"
    )
    if not missing:
        return has
    needed_s = {share: open_load_s(share, rate) for share in dict.fromkeys((missing[0], missing[-1]))}
    needs = [
        f"{_name(share)} needs {in_words(seconds)} of it a server"
        for share, seconds in needed_s.items()
        if share == missing[0] or seconds < _LONG_S
    ]
    return f"{has}; {', '.join(needs)}"


def change_in_words(before: Plan, plan: Plan, *, rested: bool = False) -> str:
    """What a plan does otherwise since it is known how long pages take, and what it won't tell; empty if
    little changed and nothing is known of pages.

    Args:
        rested: see `in_what`.
    """
    closed = plan_in_words(plan) if is_slow(plan) else in_what(before, plan, rested=rested)
    return "; ".join(filter(None, (closed, percentiles_in_words(plan) if plan.page_s else "")))


def undecided(plan: Plan) -> Iterator[str]:
    """What a run of slow pages could not decide, and what would, a sentence each."""
    if not plan.page_s:
        return
    if is_slow(plan):
        yield f"{_capital(plan_in_words(plan))}."
    said = percentiles_in_words(plan)
    if said:
        yield f"{_capital(said)}."


def _name(share: float) -> str:
    return f"p{share * 100:g}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds >= 1 else f"{seconds * 1e3:.0f} ms"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
