"""The rows that the documentation shows: the last that each kind of machine has made of each claim."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from proof.evidence import Row, load_row, save_row


@dataclass(frozen=True)
class Published:
    """Where one mode's rows are kept. What a machine reached stays when another one tries."""

    directory: Path

    @classmethod
    def of(cls, results: Path, mode: str) -> Published:
        """`results/reference/proof/<mode>`."""
        return cls(results / "reference" / "proof" / mode)

    def add(self, row: Row) -> None:
        """Keep a row in place of this machine's earlier one, unless nothing was reached.

        Its raw figures stay with the runs that they were made from.
        """
        path = self.directory / row.claim / f"{_kind(row.machine)}.json"
        if row.evidence.reached or not path.exists():
            save_row(path, replace(row, evidence=replace(row.evidence, raw={})))

    def rows(self, claim: str) -> list[Row]:
        """Those of one claim, a row a kind of machine; those without figures only where there is no other."""
        rows = [load_row(path) for path in sorted((self.directory / claim).glob("*.json"))]
        return [row for row in rows if row.evidence.reached] or rows[:1]


def _kind(machine: str) -> str:
    """Its CPUs, as a file's name: a new kernel makes no other machine of it."""
    return re.sub(r"\W+", "-", machine.partition(",")[0]).strip("-").lower()
