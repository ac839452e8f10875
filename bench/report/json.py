"""The analysis for programs: what `result.json` derives, without the trials."""

from __future__ import annotations

import json
from dataclasses import asdict

from bench.analysis.compare.limits import judge_plan
from bench.model import Analysis, Suite
from bench.model.jsonable import dump
from bench.report.changes import changes_for_programs
from bench.store.analysis_document import pair_to_document, summary_to_document


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
                "load": dump(case.load),
                "summary": summary_to_document(analysis.summaries[case.id]),
                "verdict": analysis.verdicts[case.id].for_programs(),
            }
            for case in suite.plan.cases
        ],
        "comparisons": [pair_to_document(pair) for pair in analysis.comparisons],
        "ranking": [asdict(rank) for rank in analysis.ranking],
        "twin": pair_to_document(analysis.twin) if analysis.twin else None,
        "detectable": analysis.detectable,
        "own_cost": dump(suite.own_cost),
        "own_shares": dump(analysis.own_shares),
        "stalls": [asdict(stalls) for stalls in analysis.stalls],
        "against": asdict(suite.plan.against) if suite.plan.against else None,
        **changes_for_programs(analysis.changes, analysis.not_compared, judge_plan(suite.plan, analysis)),
        "failures": [asdict(failure) for failure in suite.failures],
        "gaps": [dict(gap) for gap in suite.gaps],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
