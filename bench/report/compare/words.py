"""Changes and judgements in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.analysis.compare import Change
from bench.analysis.compare.limits import Judgement
from bench.analysis.compare.match import Subject
from bench.report.units import listed, number, percent, plain


def place(subject: Subject) -> str:
    """Which case or deployment, e.g. "gunicorn (shortly, mixed, closed load of 16 users)"."""
    return f"{subject.server} ({group(subject)})"


def group(subject: Subject) -> str:
    """What all servers of one table share."""
    return f"{subject.app}, {listed(subject.scenarios)}, {subject.load}"


def moved(change: Change) -> str:
    """By how much, with its interval, in percent."""
    return f"{_signed(change.ratio)} % ({_signed(change.low)} to {_signed(change.high)} %)"


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


def _as_far_as_seen(blind: Sequence[Change]) -> str:
    """What a limit that is finer than the measurement would have missed."""
    if not blind:
        return ""
    smallest = ", ".join(f"{percent(change.smallest)} of {place(change.subject)}" for change in blind)
    return f" as far as could be seen; less than this couldn't be: {smallest}. More --rounds show more"


def _signed(ratio: float) -> str:
    share = (ratio - 1) * 100
    return f"{'+' if share >= 0 else '-'}{number(abs(share))}"
