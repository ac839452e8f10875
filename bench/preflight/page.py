"""What the first look saw, as a block for a terminal of 80 columns."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.model import Plan, Server
from bench.model.preflight import Answered, Preflight
from bench.model.variant import SERVER
from bench.plan.duration import in_words
from bench.plan.said import percentiles_in_words

_WIDTH = 80
_LABEL_AT_MOST = 24
_ROWS_AT_MOST = 8
_LONGEST = "application"

Row = tuple[str, str]
"""A label and what is said of it."""


def rows(
    seen: Preflight, python: str, origin: str, others: Sequence[str] = (), traffic: str = ""
) -> list[Row]:
    """Application, Python, what real traffic is asked, and each request.

    Args:
        python: path of the interpreter.
        origin: what told of the application: "manage.py".
        others: what else could have been meant.
        traffic: what is asked of a log or a recording, and what isn't; empty for requests of the user's own.
    """
    also = f"; also {', '.join(others)}" if others else ""
    implementation = "" if seen.implementation == "CPython" else f"{seen.implementation} "
    frameworks = "".join(f", {name} {version}" for name, version in seen.frameworks[:1])
    versions = f" {implementation}{seen.python}{frameworks}" if seen.python else ""
    asked = [(each.request, said(each)) for each in seen.answered]
    more = len(asked) - _ROWS_AT_MOST + seen.unasked
    return [
        ("application", f"{seen.callable}   ({origin}{also})"),
        ("python", f"{_near(python)}{versions}"),
        *([("asked", traffic)] if traffic else []),
        *asked[:_ROWS_AT_MOST],
        *([("", f"and {more} more requests")] if more > 0 else []),
    ]


def planned_row(plan: Plan) -> Row:
    """What will be measured, and how long that takes.

    Args:
        plan: as for pages that take as long as they did here.
    """
    servers = {d.server.name: _with_threads(d.server) for d in plan.deployments if d.variant.kind == SERVER}
    told = percentiles_in_words(plan)
    # The least that such pages need may be more; then there is less of it.
    whole_s = min(plan.expected_s, 60 * plan.minutes if plan.minutes else math.inf)
    parts = [", ".join(servers.values()), *([told] if told else []), f"in all {in_words(whole_s)}"]
    return "plan", "; ".join(parts)


def _with_threads(server: Server) -> str:
    return f"{server.name} {server.workers}x{server.threads}" if server.workers else server.name


def block(lines: Iterable[Row]) -> str:
    """Rows below each other, wrapped."""
    every = list(lines)
    width = min(_LABEL_AT_MOST, max(len(_LONGEST), *(len(label) for label, _ in every))) + 2
    lines_said = []
    for label, text in every:
        short = label if len(label) <= _LABEL_AT_MOST else f"{label[: _LABEL_AT_MOST - 3]}..."
        lines_said += textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=f"{short:<{width}}",
            subsequent_indent=" " * width,
            break_on_hyphens=False,
            break_long_words=False,
            replace_whitespace=False,
        )
    return "\n".join(lines_said)


def said(answer: Answered) -> str:
    """What one request was answered with: status, size, time, what it sets and writes."""
    if answer.status is None:
        return "no answer"
    first = f" (first {_time(answer.first_ms)})" if answer.first_ms > 3 * answer.ms + 5 else ""
    cookies = f"sets {', '.join(answer.cookies)}" if answer.cookies else "sets no cookie"
    writes = f"writes {', '.join(answer.written)}" if answer.written else "writes nothing"
    return f"{answer.status}, {answer.bytes:,} bytes, {_time(answer.ms)}{first}   {cookies}, {writes}"


def _time(ms: float) -> str:
    if ms >= 1000:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms" if ms >= 1 else f"{ms:.2f} ms"


def _near(path: str) -> str:
    """A path from here or from the home folder, where that is shorter."""
    if Path(path).is_relative_to(Path.cwd()):
        return os.path.relpath(path)
    return f"~/{Path(path).relative_to(Path.home())}" if Path(path).is_relative_to(Path.home()) else path
