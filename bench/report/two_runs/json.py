"""A comparison for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Suite
from bench.report.changes import changes_for_programs


def render(changes: Changes, judgements: Sequence[Judgement]) -> str:
    """One JSON object, in SI units."""
    document = {
        "old": _run(changes.old),
        "new": _run(changes.new),
        "notes": list(changes.notes),
        **changes_for_programs(changes.changes, changes.not_compared, judgements),
        "differences": [asdict(difference) for difference in changes.differences],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _run(suite: Suite) -> dict[str, Any]:
    return {
        "id": suite.id,
        "started": suite.started,
        "complete": suite.complete,
        "profile": suite.plan.profile,
    }
