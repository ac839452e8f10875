"""One HTML file that opens from disk, without network and without JavaScript."""

from __future__ import annotations

from pathlib import Path

import jinja2

from bench.model import Analysis, Suite
from bench.report.build import page

_TEMPLATES = Path(__file__).parent / "templates"

templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(suite: Suite, analysis: Analysis) -> str:
    """The whole report."""
    return templates.get_template("report.html.j2").render(page=page(suite, analysis))
