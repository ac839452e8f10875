"""The analysis for programs: what `result.json` derives, without the trials."""

from __future__ import annotations

import json
from dataclasses import asdict

from bench.model import Analysis, Suite


def render(suite: Suite, analysis: Analysis) -> str:
    """One JSON object; null is 'not measured' or 'too few samples'."""
    document = {
        "id": suite.id,
        "started": suite.started,
        "finished": suite.finished,
        "complete": suite.complete,
        "profile": suite.plan.profile,
        "claims": suite.plan.claims,
        "environment": asdict(suite.environment),
        "cases": [
            {
                **asdict(case),
                "summary": asdict(analysis.summaries[case.id]),
                "verdict": asdict(analysis.verdicts[case.id]),
            }
            for case in suite.plan.cases
        ],
        "comparisons": [asdict(comparison) for comparison in analysis.comparisons],
        "ranking": [asdict(rank) for rank in analysis.ranking],
        "twin": asdict(analysis.twin) if analysis.twin else None,
        "detectable": analysis.detectable,
        "failures": [asdict(failure) for failure in suite.failures],
        "gaps": [dict(gap) for gap in suite.gaps],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
