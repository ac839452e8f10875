"""A `Suite` and what was derived from it, as the object that `result.json` holds, and back.

`bench/schema/result-1.json` describes it. Histograms are not in it: trials name theirs, and
`latency.hlog` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from bench.model import Analysis, Calibration, Case, Ceiling, Plan, Suite, Summary, Trial
from bench.model.jsonable import Malformed, described, dump, items, members, parse
from bench.store.analysis_document import Document, change_to_document, pair_to_document, summary_to_document
from bench.store.variants import flags, plan_to_document, with_variants

# The format's history, newest first. Raise the number when a stored name changes its meaning or goes
# away; a new name needs no new number.
#   1  the first
SCHEMA_VERSION = 1


def to_document(suite: Suite, analysis: Analysis, blocks_saved: int) -> Document:
    """The whole of `result.json`.

    Args:
        blocks_saved: journal entries with a number below this are in it.
    """
    return {
        **head_to_document(suite),
        "cases": [_case(suite, analysis, case) for case in suite.plan.cases],
        "deployments": dump(suite.deployments),
        "failures": dump(suite.failures),
        "gaps": dump(suite.gaps),
        "learned": dump(suite.learned),
        "confined": dump(suite.confined),
        "others": dump(suite.others),
        "own_cost": dump(suite.own_cost),
        "generators": dump(suite.generators),
        "comparisons": [pair_to_document(pair) for pair in analysis.comparisons],
        "ranking": dump(analysis.ranking),
        "twin": pair_to_document(analysis.twin) if analysis.twin else None,
        "detectable": analysis.detectable,
        "stalls": dump(analysis.stalls),
        "own_shares": dump(analysis.own_shares),
        "changes": [change_to_document(change) for change in analysis.changes],
        "not_compared": dump(analysis.not_compared),
        "blocks_saved": blocks_saved,
    }


def head_to_document(suite: Suite) -> Document:
    """Everything that is known before the first trial."""
    return {
        "schema_version": suite.schema_version,
        "id": suite.id,
        "started": suite.started,
        "finished": suite.finished,
        "complete": suite.complete,
        "environment": dump(suite.environment),
        "plan": plan_to_document(suite.plan),
        "calibration": _calibration(suite.calibration),
    }


def trial_to_document(trial: Trial) -> Document:
    """A trial without its case, and with the names of its histograms."""
    document = {
        f.name: dump(getattr(trial, f.name)) for f in fields(trial) if f.name not in ("case", "histograms")
    }
    return {**document, "histograms": list(trial.histograms)}


def from_document(document: Any) -> Suite:
    """The suite of a `result.json`; its trials' histograms are empty strings still.

    Raises:
        Malformed: something is missing or of another type.
    """
    document = with_variants(members(document, "the file"), "result")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise Malformed(
            f"schema_version: this version of wsgi-bench reads {SCHEMA_VERSION}, found {described(version)}"
        )
    numbered = [
        (parse(int, trial.get("number"), f"{path}.number"), _trial(trial, case, path))
        for case, trial, path in _trials(document)
    ]
    numbered.sort(key=lambda pair: pair[0])
    rest = {**document, "calibration": _flat_calibration(document.get("calibration")), "trials": []}
    suite = parse(Suite, rest, "result")
    return _with_trials(suite, tuple(trial for _, trial in numbered))


def _with_trials(suite: Suite, trials: tuple[Trial, ...]) -> Suite:
    values = {f.name: getattr(suite, f.name) for f in fields(suite)}
    return Suite(**{**values, "trials": trials})


def _trials(document: Document) -> Iterator[tuple[str, Document, str]]:
    for i, case in enumerate(items(document.get("cases"), "cases")):
        path = f"cases[{i}]"
        id_ = parse(str, members(case, path).get("id"), f"{path}.id")
        for j, trial in enumerate(items(case.get("trials"), f"{path}.trials")):
            yield id_, members(trial, f"{path}.trials[{j}]"), f"{path}.trials[{j}]"


def _trial(document: Document, case: str, path: str) -> Trial:
    names = parse(tuple[str, ...], document.get("histograms"), f"{path}.histograms")
    return parse(Trial, {**document, "case": case, "histograms": dict.fromkeys(names, "")}, path)


def _case(suite: Suite, analysis: Analysis, case: Case) -> Document:
    verdict = analysis.verdicts.get(case.id)
    return {
        "id": case.id,
        "server": case.server,
        "app": case.app,
        "scenario": case.scenario,
        "load": dump(case.load),
        "config": _config(suite.plan, case),
        "summary": _summary(analysis.summaries.get(case.id)),
        "verdict": verdict.for_programs() if verdict else None,
        "trials": [
            {"number": number, **trial_to_document(trial)}
            for number, trial in enumerate(suite.trials)
            if trial.case == case.id
        ],
    }


def _summary(summary: Summary | None) -> Document | None:
    if summary is None:
        return None
    document = summary_to_document(summary)
    idle, peak = document.pop("memory_idle_bytes"), document.pop("memory_peak_bytes")
    return {**document, "memory_bytes": {"idle": idle, "peak": peak}}


def _config(plan: Plan, case: Case) -> Document:
    deployment = next(d for d in plan.deployments if d.name == case.deployment)
    server = deployment.server
    return {
        "command": list(server.command),
        "environment": dict(server.environment),
        "workers": server.workers,
        "threads": server.threads,
        "keep_alive": server.keep_alive,
        **flags(deployment.variant),
    }


def _calibration(calibration: Calibration | None) -> Document | None:
    if calibration is None:
        return None
    return {**_ceiling(calibration), "others": [_ceiling(other) for other in calibration.others]}


def _ceiling(ceiling: Ceiling) -> Document:
    return {
        "keep_alive": {"rps": ceiling.keep_alive_rps},
        "close": {"rps": ceiling.close_rps},
        "latency_floor_s": ceiling.latency_floor_s,
        "app": ceiling.app,
        "scenario": ceiling.scenario,
        "sample": dump(ceiling.sample),
    }


def _flat_calibration(document: Any) -> Mapping[str, Any] | None:
    if document is None:
        return None
    others = items(members(document, "calibration").get("others", []), "calibration.others")
    return {**_flat_ceiling(document), "others": [_flat_ceiling(other) for other in others]}


def _flat_ceiling(document: Any) -> Document:
    try:
        return {
            **members(document, "calibration"),
            "keep_alive_rps": document["keep_alive"]["rps"],
            "close_rps": document["close"]["rps"],
            "latency_floor_s": document["latency_floor_s"],
        }
    except (KeyError, TypeError) as error:
        raise Malformed(f"calibration: {error} missing") from None
