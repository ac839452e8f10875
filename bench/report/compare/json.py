"""A comparison for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Suite


def render(found: Changes, judgements: Sequence[Judgement]) -> str:
    """One JSON object, in SI units."""
    document = {
        "old": _run(found.old),
        "new": _run(found.new),
        "notes": list(found.notes),
        "changes": [asdict(change) for change in found.changes],
        "not_compared": [asdict(one) for one in found.uncompared],
        "differences": [asdict(one) for one in found.differences],
        "limits": [_limit(judgement) for judgement in judgements],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _run(suite: Suite) -> dict[str, Any]:
    return {
        "id": suite.id,
        "started": suite.started,
        "complete": suite.complete,
        "profile": suite.plan.profile,
    }


def _limit(judgement: Judgement) -> dict[str, Any]:
    return {
        "limit": judgement.limit.text,
        "state": judgement.state,
        "exceeded_by": [change.subject.id for change in judgement.exceeding],
        "not_judged": [
            {"subject": gap.subject.id if gap.subject else None, "reason": gap.reason}
            for gap in judgement.gaps
        ],
        "too_noisy": [change.subject.id for change in judgement.blind],
    }
