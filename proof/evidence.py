"""What speaks for a claim or against it, and where that is kept."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.store import replace_file


@dataclass(frozen=True)
class Evidence:
    """What trying a claim gave.

    Attributes:
        reached: the figures, in words.
        holds: None where it couldn't be tried, or what was reached decides nothing; `note` then says why.
        raw: the figures that `reached` was made from.
    """

    reached: str
    holds: bool | None
    note: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """ "yes", "no", "undecided", or without any figures "not tried"."""
        return {True: "yes", False: "no", None: "undecided" if self.reached else "not tried"}[self.holds]


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        must_be: what the claim asks for.
        mode: "full" or "quick".
        took_s: seconds of this run of the claim; one that was resumed took longer in all. None: not noted.
    """

    claim: str
    title: str
    must_be: str
    evidence: Evidence
    date: str
    machine: str
    mode: str
    took_s: float | None


def save_row(path: Path, row: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, [json.dumps(asdict(row), indent=1) + "\n"])


def load_row(path: Path) -> Row:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Row(**{**stored, "evidence": Evidence(**stored["evidence"])})


@dataclass(frozen=True)
class Archive:
    """Where one mode's rows are kept, and the runs that they were made from."""

    directory: Path

    @classmethod
    def of_this_machine(cls, results: Path, mode: str) -> Archive:
        """`results/prove/<machine>/<mode>`."""
        machine = re.sub(r"[^\w.-]", "-", socket.gethostname())
        return cls(results / "prove" / machine / mode)

    def runs(self, claim: str) -> Path:
        """The directory for whatever else a claim stores."""
        return self.directory / "runs" / claim

    def save(self, row: Row) -> None:
        save_row(self._path(row.claim), row)

    def load(self, claim: str) -> Row | None:
        """The saved row; None without one."""
        path = self._path(claim)
        return load_row(path) if path.exists() else None

    def forget(self, claim: str) -> None:
        self._path(claim).unlink(missing_ok=True)

    def _path(self, claim: str) -> Path:
        return self.directory / f"{claim}.json"


Prove = Callable[[Archive], Evidence]
"""Tries a claim."""
