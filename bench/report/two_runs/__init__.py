"""Reports of two runs against each other. A new format is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.report import html, markdown, text
from bench.report.two_runs import csv, json
from bench.report.two_runs.page import page

Format = Callable[[Changes, Sequence[Judgement]], str]


def _html(changes: Changes, judgements: Sequence[Judgement]) -> str:
    return html.write(page(changes, judgements))


def _markdown(changes: Changes, judgements: Sequence[Judgement]) -> str:
    return markdown.write(page(changes, judgements))


def _text(changes: Changes, judgements: Sequence[Judgement]) -> str:
    return text.write(page(changes, judgements))


FORMATS: dict[str, Format] = {
    "html": _html,
    "md": _markdown,
    "text": _text,
    "csv": csv.render,
    "json": json.render,
}
