"""The few facts about a stored result that a list of results shows, without its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.model import Case, Environment, Plan, Rank, Verdict
from bench.model.errors import ResultError
from bench.store.coherent import require_coherent_plan, require_known
from bench.store.jsonable import Malformed, items, members, parse
from bench.store.reader import RESULT, read_document


@dataclass(frozen=True)
class Outline:
    """One stored result.

    Attributes:
        ranking: as it was derived when the result was written.
        verdicts: by case id; a case that was not analysed is left out.
    """

    id: str
    started: str
    finished: str | None
    complete: bool
    environment: Environment
    plan: Plan
    ranking: tuple[Rank, ...]
    verdicts: Mapping[str, Verdict]

    def case(self, id_: str) -> Case:
        """The planned case of that id."""
        return next(case for case in self.plan.cases if case.id == id_)


def outline(directory: Path) -> Outline:
    """Read the outline of a result.

    Raises:
        ResultError: no result there, torn, or malformed.
    """
    path = directory / RESULT
    document = read_document(path)
    try:
        found = parse(Outline, {**members(document, "the file"), "verdicts": _verdicts(document)}, "result")
        require_coherent_plan(found.plan)
        require_known((id_ for place in found.ranking for id_ in place.cases), found.plan, "a rank")
        require_known(found.verdicts, found.plan, "a verdict")
        return found
    except Malformed as error:
        raise ResultError(f"{path}: {error}. Restore the file from a copy of the run.") from None


def _verdicts(document: Any) -> Mapping[str, Any]:
    cases = [members(case, f"cases[{i}]") for i, case in enumerate(items(document.get("cases"), "cases"))]
    return {str(case.get("id")): case["verdict"] for case in cases if case.get("verdict") is not None}
