"""Reports: pure functions from a suite and its analysis to text. A new format is a module and a line here."""

from __future__ import annotations

from typing import Protocol

from bench.model import Analysis, Suite
from bench.report import bmf, csv, html, json, junit, markdown, text, trials


class Format(Protocol):
    """Renders a whole report."""

    def __call__(self, suite: Suite, analysis: Analysis) -> str: ...


FORMATS: dict[str, Format] = {
    "html": html.render,
    "md": markdown.render,
    "text": text.render,
    "csv": csv.render,
    "trials": trials.render,
    "json": json.render,
    "junit": junit.render,
    "bmf": bmf.render,
}
