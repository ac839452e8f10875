"""The few facts about a stored result that a list of results shows, without its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.model import Case, Environment, Plan, Rank
from bench.model.errors import ResultError
from bench.model.jsonable import Malformed, items, members, parse
from bench.store.coherent import require_coherent_plan, require_known
from bench.store.reader import RESULT, read_document
from bench.store.variants import with_variants


@dataclass(frozen=True)
class Outline:
    """One stored result.

    Attributes:
        ranking: as it was derived when the result was written.
        valid: whether each case's figures may be used, by its id; a case that was not analysed is left out.
    """

    id: str
    started: str
    finished: str | None
    complete: bool
    environment: Environment
    plan: Plan
    ranking: tuple[Rank, ...]
    valid: Mapping[str, bool]

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
        stored = with_variants(members(document, "the file"), "result")
        facts = parse(Outline, {**stored, "valid": _valid(document)}, "result")
        require_coherent_plan(facts.plan)
        require_known((id_ for place in facts.ranking for id_ in place.cases), facts.plan, "a rank")
        require_known(facts.valid, facts.plan, "a verdict")
        return facts
    except Malformed as error:
        raise ResultError(f"{path}: {error}. Restore the file from a copy of the run.") from None


def _valid(document: Any) -> Mapping[str, Any]:
    cases = [members(case, f"cases[{i}]") for i, case in enumerate(items(document.get("cases"), "cases"))]
    return {
        str(case.get("id")): members(case["verdict"], f"cases[{i}].verdict").get("valid")
        for i, case in enumerate(cases)
        if case.get("verdict") is not None
    }
