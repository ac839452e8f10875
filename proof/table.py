"""The table in the documentation: a part for the full proof and one for the quick, each kept by the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.model.errors import UsageError
from proof.claims import CLAIMS
from proof.evidence import Evidence, Row
from proof.published import Published

MODES = {"full": "The full proof, `make prove`", "quick": "Its short form, `make prove QUICK=1`"}
_HEAD = ("claim", "must be", "reached", "holds", "note", "date", "machine")
_NOT_TRIED = Evidence("", None)


def render(published: Published, mode: str) -> str:
    """One mode's table: a row for each claim and kind of machine, and for each claim that none has tried."""
    lines = [f"{MODES[mode]}:", "", _line(_HEAD), _line(["---"] * len(_HEAD))]
    for claim in CLAIMS:
        rows = published.rows(claim.name)
        lines += [_line(_cells(row)) for row in rows]
        if not rows:
            lines.append(_line([claim.title, claim.must_be, "", _NOT_TRIED.word, "", "", ""]))
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> Sequence[str]:
    found = row.evidence
    return [row.title, row.must_be, found.reached, found.word, found.note, row.date, row.machine]


def insert(page: str, mode: str, table: str) -> str:
    """The page with this mode's table in its place.

    Raises:
        UsageError: the page has no such place.
    """
    place = re.compile(rf"(<!-- proof:{mode}:begin -->\n).*?(<!-- proof:{mode}:end -->)", re.DOTALL)
    if not place.search(page):
        raise UsageError(f"The page has no `<!-- proof:{mode}:begin -->` and end. Put them back.")
    return place.sub(lambda found: f"{found[1]}{table}{found[2]}", page)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
