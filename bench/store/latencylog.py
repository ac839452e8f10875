"""`latency.hlog`: every trial's histograms, in the interval log format of HdrHistogram 1.2.

One line a trial and endpoint and kind, `Tag=<case>/<round>/<block>/<kind>/<endpoint>`, each part
percent-encoded; times in seconds from the run's start, values in microseconds. HdrHistogram's own log
processors read it, see https://github.com/HdrHistogram/HdrHistogram.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

from hdrh.histogram import HdrHistogram

from bench.model import Trial
from bench.model.errors import ResultError
from bench.model.histograms import let_go
from bench.model.ranges import MOST_LOG_BYTES
from bench.store.histograms import MOST_CHARACTERS
from bench.store.strict import opened

_NAME = r"([^,/\s]*)"
_NUMBER = r"([0-9]{1,9})"
_LINE = re.compile(
    rf"Tag={_NAME}/{_NUMBER}/{_NUMBER}/{_NAME}/{_NAME},[0-9.]+,[0-9.]+,[0-9.]+,([A-Za-z0-9+/]+=*)\n"
)
_MICROSECONDS = 1e6
_LONGEST_LINE = 2 * MOST_CHARACTERS

TrialKey = tuple[str, int, int]


def lines(started: str, trials: Iterable[Trial]) -> Iterator[str]:
    """The log's lines, header first.

    Args:
        started: ISO 8601 time of the run's start.
    """
    start = datetime.fromisoformat(started)
    yield "#[Histogram log format version 1.2]\n"
    yield "#[Values are microseconds; Interval_Max is in seconds]\n"
    yield f"#[StartTime: {start.timestamp():.3f} (seconds since epoch), {started}]\n"
    yield f"#[BaseTime: {start.timestamp():.3f} (seconds since epoch)]\n"
    yield '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    for trial in trials:
        for name, encoded in trial.histograms.items():
            histogram = HdrHistogram.decode(encoded)
            highest = histogram.get_max_value() / _MICROSECONDS
            let_go(histogram)
            yield (
                f"Tag={_tag(trial, name)},{trial.at_s:.6f},{trial.duration_s:.6f},{highest:.6f},{encoded}\n"
            )


def read(path: Path, wanted: Container[TrialKey]) -> Mapping[TrialKey, Mapping[str, str]]:
    """The histograms of the wanted trials, by case, round and block.

    Raises:
        ResultError: a line isn't of this format.
    """
    trials: dict[TrialKey, dict[str, str]] = {}
    for number, line in enumerate(_lines(path), 1):
        if line.startswith(("#", '"')):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ResultError(
                f"{path}, line {number}: not a line of a tagged histogram log; the file is torn or was "
                f"edited. Restore it from a copy of the run."
            )
        case, round_, block, kind, endpoint, encoded = match.groups()
        key = unquote(case), int(round_), int(block)
        if key not in wanted:
            # One more than the result has costs no memory.
            continue
        trial = trials.setdefault(key, {})
        name = f"{unquote(kind)}/{unquote(endpoint)}"
        if name in trial:
            raise ResultError(
                f"{path}, line {number}: a second histogram of what has one; the file was edited. Restore it "
                f"from a copy of the run."
            )
        trial[name] = encoded
    return trials


def _lines(path: Path) -> Iterator[str]:
    """With their ends; one that is too long comes in pieces. What isn't ASCII is nothing that is written."""
    with opened(path, MOST_LOG_BYTES) as file:
        while line := file.readline(_LONGEST_LINE):
            yield line.decode("ascii", errors="replace")


def _tag(trial: Trial, name: str) -> str:
    kind, _, endpoint = name.partition("/")
    parts = (trial.case, str(trial.round), str(trial.block), kind, endpoint)
    return "/".join(quote(part, safe="") for part in parts)
