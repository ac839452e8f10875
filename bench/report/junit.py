"""JUnit XML, for build servers that show tests: a suite a run, a test case a case.

There is no standard; common readers agree on the form that Ant's reports have, with `skipped`. Of it we keep:

- `testsuites` holds one `testsuite`; both count tests, failures, errors and skipped, and `time` is seconds.
- `testsuite`: name, timestamp (to the second, UTC, without zone), hostname; `properties` before `testcase`s.
- `testcase`: name, classname, time; at most one of `failure`, `error` and `skipped`, then `system-out`.
- `failure` and `error` have a message and a type; `skipped` has a message.

A `failure` is a server at fault, an `error` a measurement that isn't valid for another reason; what is
`skipped` was not measured. A limit of `--fail-if` is a test case, too: exceeded it is a `failure`, not judged
an `error`.
"""

from __future__ import annotations

import re
from typing import Literal
from xml.etree import ElementTree

from bench.analysis.compare.limits import Judgement, judge_plan
from bench.analysis.figures import figures
from bench.model import Analysis, Case, Environment, Suite, Summary, Verdict
from bench.model.finding import NOT_MEASURED, Finding
from bench.report.moments import in_utc
from bench.report.units import plain
from bench.report.words import limit_lines

_COUNTS = ("offered", "ok", "failed", "dropped", "dropped_late", "unfinished", "sent_again")
_NOT_XML = re.compile("[\ufffe\uffff]")

Tag = Literal["failure", "error", "skipped"]


def render(suite: Suite, analysis: Analysis) -> str:
    """The whole file."""
    outcomes = {case.id: _outcome(analysis.verdicts[case.id]) for case in suite.plan.cases}
    limits = judge_plan(suite.plan, analysis)
    tags = [outcome[0] for outcome in (*outcomes.values(), *map(_limit_outcome, limits)) if outcome]
    totals = {
        "tests": str(len(outcomes) + len(limits)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": _seconds(sum(trial.duration_s for trial in suite.trials)),
    }
    root = ElementTree.Element("testsuites", {"name": "wsgi-bench", **totals})
    about = {"name": suite.id, "timestamp": _moment(suite.started), "hostname": suite.environment.host}
    parent = ElementTree.SubElement(root, "testsuite", _attributes({**about, **totals}))
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in _properties(suite.environment, suite.plan.profile).items():
        ElementTree.SubElement(properties, "property", _attributes({"name": name, "value": value}))
    for case in suite.plan.cases:
        _case(parent, suite, case, analysis.summaries[case.id], outcomes[case.id])
    for judgement in limits:
        _limit(parent, judgement)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _case(
    parent: ElementTree.Element,
    suite: Suite,
    case: Case,
    summary: Summary,
    outcome: tuple[Tag, tuple[Finding, ...]] | None,
) -> None:
    time_s = sum(trial.duration_s for trial in suite.trials if trial.case == case.id)
    attributes = {"name": case.id, "classname": f"{case.app}.{case.scenario}", "time": _seconds(time_s)}
    element = ElementTree.SubElement(parent, "testcase", _attributes(attributes))
    if outcome:
        tag, findings = outcome
        about = {"message": "; ".join(map(str, findings))}
        if tag != "skipped":
            about["type"] = findings[0].code
        ElementTree.SubElement(element, tag, _attributes(about)).text = (
            _text("\n".join(_log(suite, case))) or None
        )
    if figures := _figures(summary):
        ElementTree.SubElement(element, "system-out").text = figures


def _limit(parent: ElementTree.Element, judgement: Judgement) -> None:
    attributes = {"name": judgement.limit.text, "classname": "limits", "time": _seconds(0.0)}
    element = ElementTree.SubElement(parent, "testcase", _attributes(attributes))
    outcome = _limit_outcome(judgement)
    if outcome:
        about = {"message": outcome[1], "type": judgement.state}
        ElementTree.SubElement(element, outcome[0], _attributes(about))
    else:
        ElementTree.SubElement(element, "system-out").text = _text("\n".join(limit_lines(judgement)))


def _limit_outcome(judgement: Judgement) -> tuple[Tag, str] | None:
    if judgement.state == "held":
        return None
    return ("failure" if judgement.state == "exceeded" else "error"), " ".join(limit_lines(judgement))


def _outcome(verdict: Verdict) -> tuple[Tag, tuple[Finding, ...]] | None:
    """What became of a case, and the findings that say so; None if it is valid."""
    at_fault = tuple(finding for finding in verdict.findings if finding.blames_server)
    if at_fault:
        return "failure", at_fault
    if verdict.valid:
        return None
    return ("skipped" if verdict.codes[0] == NOT_MEASURED else "error"), verdict.findings


def _log(suite: Suite, case: Case) -> list[str]:
    return [line for f in suite.failures if f.deployment == case.deployment for line in f.log]


def _figures(summary: Summary) -> str:
    """What was measured, a line each, in SI units."""
    values: dict[str, float | None] = {
        **{figure.column: summary.value(figure.key) for figure in figures() if figure.tables},
        "error_rate": summary.error_rate,
        **{name: getattr(summary.counts, name) for name in _COUNTS if summary.counts.offered},
    }
    return "\n".join(f"{name} {value:.9g}" for name, value in values.items() if value is not None)


def _properties(environment: Environment, profile: str) -> dict[str, str]:
    return {
        "profile": profile,
        "runtime": environment.runtime,
        "cpu_model": environment.cpu_model,
        "cpus": str(environment.cpus),
        "os": environment.os,
        "kernel": environment.kernel,
        "python": environment.python,
        **{f"version.{name}": version for name, version in sorted(environment.versions.items())},
    }


def _attributes(values: dict[str, str]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: str) -> str:
    """Text that XML can hold, escapes or not."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", plain(value))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _moment(started: str) -> str:
    known = in_utc(started)
    return known.strftime("%Y-%m-%dT%H:%M:%S") if known else started
