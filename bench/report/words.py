"""Changes and limits in words, the same for two runs and for two versions in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.analysis.compare.limits import Judgement
from bench.model import Comparison, Subject, Uncompared
from bench.report.units import count, difference, listed, number, plain, ratio_interval

_DOUBLE = 2.0


def place(subject: Subject) -> str:
    """Which case or deployment, e.g. "gunicorn (shortly, mixed, closed load of 16 users)"."""
    return f"{subject.server} ({group(subject)})"


def group(subject: Subject) -> str:
    """What all servers of one table share."""
    return f"{subject.app}, {listed(subject.scenarios)}, {subject.load}"


def moved(change: Comparison) -> str:
    """By how much, with its interval: in percent, from double on as a factor."""
    if change.ratio >= _DOUBLE:
        bounds = ratio_interval(change.low, change.high)
        return f"is {number(change.ratio)} times as much ({bounds})"
    return f"{_signed(change.ratio)} % ({_signed(change.low)} to {_signed(change.high)} %)"


def changes_sentence(changes: Sequence[Comparison]) -> str:
    """How many changed, and in which direction."""
    claimed = [change for change in changes if change.claimed]
    worse = sum(change.better is False for change in claimed)
    same = len(changes) - len(claimed)
    return (
        f"NEW against OLD, of {count(len(changes), 'figure')}: {worse} slower or worse, "
        f"{len(claimed) - worse} faster or better, {same} without a detectable difference."
    )


def gaps_sentence(not_compared: Iterable[Uncompared]) -> str | None:
    """How many figures could not be compared; None if all could."""
    missing = sum(len(gap.figures) for gap in not_compared)
    return f"{count(missing, 'figure')} could not be compared." if missing else None


def limits_sentence(judgements: Sequence[Judgement]) -> str | None:
    """What became of the limits; None without any."""
    if not judgements:
        return None
    states = [judgement.state for judgement in judgements]
    parts = [f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states))]
    blind = sum(judgement.state == "held" and bool(judgement.blind) for judgement in judgements)
    seen = f"; {blind} held only as far as was seen" if blind else ""
    return f"Of {count(len(states), 'limit')}: {', '.join(parts)}{seen}."


def limit_lines(judgement: Judgement) -> Iterator[str]:
    """What became of a limit, a sentence a figure that matters."""
    text, state = judgement.limit.text, judgement.state
    for change in judgement.exceeding:
        yield f"Limit {text!r} exceeded: {change.figure} of {place(change.subject)} {moved(change)}."
    for gap in judgement.gaps:
        of = f" of {place(gap.subject)}" if gap.subject else ""
        yield f"Limit {text!r} not judged: {judgement.limit.metric}{of}: {gap.reason}."
    if state == "held":
        yield f"Limit {text!r} held{_as_far_as_seen(judgement.blind)}."


def problem_lines(judgements: Iterable[Judgement]) -> Iterator[str]:
    """The sentences of the limits that didn't surely hold, without what could act on a terminal."""
    for judgement in judgements:
        if judgement.state != "held" or judgement.blind:
            yield from map(plain, limit_lines(judgement))


def _as_far_as_seen(blind: Sequence[Comparison]) -> str:
    """What a limit that is finer than the measurement would have missed."""
    if not blind:
        return ""
    smallest = ", ".join(f"{difference(change.smallest)} of {place(change.subject)}" for change in blind)
    return (
        f" as far as was seen: such a run finds a change of {smallest} in 8 of 10 tries, and easily misses a "
        f"smaller one. More --rounds find more"
    )


def _signed(ratio: float) -> str:
    share = (ratio - 1) * 100
    return f"{'+' if share >= 0 else '-'}{number(abs(share))}"
