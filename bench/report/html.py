"""One HTML file that opens from disk, without network, and reads fully without JavaScript.

Its policy forbids every address, and every style and script but the two in `templates/`, which it names by
their SHA-256: markup that came in by a server's name or log could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from bench.model import Analysis, Suite
from bench.report.page import Page
from bench.report.sections import CHARTED, page

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
    """The whole report of a run."""
    return write(page(suite, analysis, CHARTED))


def write(content: Page) -> str:
    """Any page as one HTML file."""
    return templates.get_template("report.html.j2").render(page=content)


def digest(inline: str) -> str:
    """A source of a content security policy: exactly this text between its tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}"


def _inline(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


templates.globals |= {"style": _inline("style.css"), "script": _inline("page.js"), "digest": digest}
