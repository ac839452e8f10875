"""The table in the documentation: a part for the full proof and one for the quick, each kept by the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.model.errors import UsageError
from proof.claims import Claim
from proof.evidence import Evidence, Row

MODES = {"full": "The full proof, `make prove`", "quick": "Its short form, `make prove QUICK=1`"}
_HEAD = ("claim", "must be", "reached", "holds", "note", "date")
_NOT_TRIED = Evidence("", None)


def render(claims: Sequence[Claim], rows: Sequence[Row | None], mode: str) -> str:
    """One mode's table, a row a claim, tried or not."""
    machines = dict.fromkeys(row.machine for row in rows if row is not None)
    lines = [f"{MODES[mode]}, on {'; '.join(machines) or 'no machine yet'}:", "", _line(_HEAD)]
    lines.append(_line(["---"] * len(_HEAD)))
    for claim, row in zip(claims, rows, strict=True):
        if row is None:
            lines.append(_line([claim.title, claim.must_be, "", _NOT_TRIED.word, "", ""]))
        else:
            found = row.evidence
            lines.append(_line([row.title, row.must_be, found.reached, found.word, found.note, row.date]))
    return "\n".join(lines) + "\n"


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
