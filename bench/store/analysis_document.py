"""What was derived of a run, as objects of `result.json` and of reports for programs."""

from __future__ import annotations

from typing import Any

from bench.analysis.claim import verdict
from bench.analysis.figures import figures, named
from bench.model import Comparison, Summary
from bench.model.jsonable import dump

Document = dict[str, Any]

_OF_SERVERS = {True: "faster", False: "slower", None: "tie"}


def summary_to_document(summary: Summary) -> Document:
    """A case in figures, each a number, or an estimate with its interval."""
    document: Document = {}
    for figure in figures():
        place = document.setdefault(figure.within, {}) if figure.within else document
        estimate = summary.figures[figure.key]
        place[figure.key] = dump(estimate) if figure.read.intervals else summary.value(figure.key)
    others: Document = dump(summary)
    return {**document, **{name: value for name, value in others.items() if name != "figures"}}


def pair_to_document(pair: Comparison) -> Document:
    """Two servers, or a server and its twin."""
    return {
        "a": pair.subject.id,
        "b": pair.other.id,
        "scenario": pair.subject.scenarios[0],
        "metric": named(pair.figure).key,
        "ratio": pair.ratio,
        "low": pair.low,
        "high": pair.high,
        "verdict": _OF_SERVERS[pair.better],
    }


def change_to_document(change: Comparison) -> Document:
    """Two versions, or two runs."""
    return {
        "subject": dump(change.subject),
        "figure": change.figure,
        "key": named(change.figure).key,
        "old": change.other_value,
        "new": change.value,
        "ratio": change.ratio,
        "low": change.low,
        "high": change.high,
        "smallest": change.smallest,
        "verdict": verdict(change),
    }
