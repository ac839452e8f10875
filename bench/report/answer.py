"""What a run says of somebody's own application: what a change of server gives, and could give at most."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.own_share import BUSY, WAITS
from bench.model import Analysis, Estimate, OwnShare, Suite
from bench.report.multiples import multiples
from bench.report.results import Entry, Group
from bench.report.units import interval, listed, milliseconds, number, value_of, whole

_ABOUT_ALL = 0.97
"""From this share on nothing is left for another server; from this share of the bound on it was reached."""
_ALL_REQUESTS = 0.995
_NOT_KNOWN = 3
"""From here on an interval isn't shown, and nothing is claimed: how far its ends are apart, as a factor."""


def sentence(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> str | None:
    """The answer, of the first closed load; None for an application of the harness's own."""
    group = first_closed(groups)
    if group is None or group.entries[0].deployment.app.project is None:
        return None
    entries = [entry for rank in group.ranked for entry in rank]
    # Where its user named one, or has a server line: what all else is to be compared with.
    named = next((entry for entry in entries if entry.case.server == suite.plan.baseline), None)
    compared = _against(analysis, group, named) if named else _without_baseline(analysis, group)
    bound = _bound(analysis, group, named or entries[0])
    return f"For {group.first.app}, {'; '.join(filter(None, (compared, bound)))}."


def points(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> Iterator[str]:
    """What the application and the servers cost by themselves."""
    group, own, shares = first_closed(groups), suite.own_cost, _shares(analysis)
    if group is None or own is None:
        return
    known = [
        (entry, shares[entry.case.id]) for rank in group.ranked for entry in rank if entry.case.id in shares
    ]
    if known:
        alone = known[0][1]
        least, of_all = _covered(alone)
        of_each = listed([f"{_percent(share.share)} behind {_who(entry)}" for entry, share in known])
        yield (
            f"Without a server {group.first.app} takes {least}{_ms(alone.application_s)} of CPU a request"
            f"{of_all}. Of what a request costs in CPU time that is {least}{of_each}."
        )
        if alone.waits >= WAITS:
            yield f"A request waits for {whole(alone.waits)} of its time for something else than a CPU."
    if any(own.hello_s.values()):
        costs = [
            f"{name} {milliseconds(sum(each) / len(each))} ms" for name, each in own.hello_s.items() if each
        ]
        yield (
            f"What servers take for themselves: with an application that does nothing, a request costs "
            f"{listed(costs)} of CPU."
        )


def left_out(suite: Suite) -> Iterator[str]:
    """What isn't in the application's own cost, or why that isn't known."""
    own = suite.own_cost
    if own is not None and own.left_out:
        what = "Not in the application's own cost" if own.calls else "The application's own cost isn't known"
        yield f"{what}: {'; '.join(own.left_out)}."


def first_closed(groups: tuple[Group, ...]) -> Group | None:
    """The first closed load that anything is ranked in."""
    return next((group for group in groups if group.closed and group.ranked), None)


def _against(analysis: Analysis, group: Group, baseline: Entry) -> str:
    """What others serve of what the baseline does."""
    best, who = group.ranked[0], _who(baseline)
    if len(group.ranked) == 1 and len(best) == 1:
        return _alone(baseline)
    if baseline in best:
        if len(best) > 1:
            others = [_who(entry) for entry in best if entry is not baseline]
            ties = "tie" if len(others) > 1 else "ties"
            return f"no other server surely serves more than {who}: {listed(others)} {ties} with it"
        return f"no other server serves as much as {who}; {_next(analysis, group)}"
    better = _surely_better(analysis, group, baseline)
    leader = next(entry for rank in group.ranked for entry in rank if entry.case.id in better)
    tied = [_who(entry) for entry in best if entry is not leader] if leader in best else []
    beside = f", which ties with {listed(tied)}," if tied else ""
    return f"{_who(leader)}{beside} serves {group.multiples[leader.case.id]} times what {who} does"


def _without_baseline(analysis: Analysis, group: Group) -> str:
    best = group.ranked[0]
    if len(best) > 1:
        return f"{listed([_who(entry) for entry in best])} tie for first: this run can't tell them apart"
    return _alone(best[0]) if len(group.ranked) == 1 else _next(analysis, group)


def _next(analysis: Analysis, group: Group) -> str:
    """The first against the next, where the first is alone."""
    first, following = group.ranked[0][0], group.ranked[1][0]
    multiple = multiples(analysis, group.figure, following.case.id)[first.case.id]
    return f"{_who(first)} serves {multiple} times what {_who(following)}, the next, does"


def _alone(entry: Entry) -> str:
    rate = entry.summary.figures["throughput_rps"]
    return f"{_who(entry)} serves {value_of(rate)} requests a second ({interval(rate)})"


def _surely_better(analysis: Analysis, group: Group, than: Entry) -> set[str]:
    """Ids of the cases that are claimed to be better."""
    better = set()
    for pair in analysis.comparisons:
        if pair.figure == group.figure.name and pair.better is not None:
            winner, other = (pair.subject, pair.other) if pair.better else (pair.other, pair.subject)
            if other.id == than.case.id:
                better.add(winner.id)
    return better


def _bound(analysis: Analysis, group: Group, entry: Entry) -> str:
    """What a change from this server can give at most, as far as it is known."""
    own = _shares(analysis).get(entry.case.id)
    if own is None:
        return ""
    if own.busy < BUSY:
        if own.waits < WAITS:
            return ""
        return (
            f"{whole(own.waits)} of a request's time is waiting for something else than a CPU, so it may "
            f"matter more how many workers and threads wait at once than whose they are"
        )
    known = own.share.low is not None
    low, high = own.share.low or own.share.value, own.share.high or own.share.value
    others = multiples(analysis, group.figure, entry.case.id).values()
    if low > 1 or any(other.low > 1 / low for other in others) or high > _NOT_KNOWN * low:
        # By itself the application costs more than behind a server, so these aren't the same pages; or it was
        # called too seldom.
        return ""
    if own.share.value >= _ABOUT_ALL:
        return "about all of a request's CPU time is the application's own, so no server can give much more"
    least, _ = _covered(own)
    theirs = (
        f"{least}{_percent(own.share)} of a request's CPU time behind {_who(entry)} is the application's own"
    )
    if any(other.ratio >= _ABOUT_ALL / own.share.value for other in others):
        return f"{theirs}, so no server can give much more than that"
    times = number(1 / own.share.value)
    at_most = f"{times} ({number(max(1.0, 1 / high))} to {number(1 / low)})" if known else f"about {times}"
    return f"{theirs}, so no server can give more than {at_most} times as much"


def _covered(own: OwnShare) -> tuple[str, str]:
    """What is said where not all requests could be called, before and after a figure."""
    if own.covered >= _ALL_REQUESTS:
        return "", ""
    return "at least ", f", as far as {whole(own.covered)} of its requests show"


def _shares(analysis: Analysis) -> dict[str, OwnShare]:
    return {share.case: share for share in analysis.own_shares}


def _who(entry: Entry) -> str:
    name = entry.case.server
    return f"your {name} line" if entry.deployment.server.own else name


def _percent(share: Estimate) -> str:
    if share.value >= 1:
        # Alone it can't cost more than behind a server: what was measured is no better than that.
        return "about all"
    if share.low is None or share.high is None or share.high > _NOT_KNOWN * share.low:
        return f"about {whole(share.value)}"
    return f"{whole(share.value)} ({share.low * 100:.0f} to {whole(min(1.0, share.high))})"


def _ms(seconds: Estimate) -> str:
    if seconds.low is None or seconds.high is None or seconds.high > _NOT_KNOWN * seconds.low:
        return f"about {milliseconds(seconds.value)} ms"
    return (
        f"{milliseconds(seconds.value)} ms ({milliseconds(seconds.low)} to {milliseconds(seconds.high)} ms)"
    )
