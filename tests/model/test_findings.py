"""A finding is added in one place: its row in the closed list, and the check that finds it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bench import doctor
from bench.analysis import analyse, verdict
from bench.analysis.checks.facts import CaseCheck, CaseFacts
from bench.analysis.findings import findings_of
from bench.doctor import examine
from bench.model.finding import (
    CODES,
    DOCTOR,
    GENERATOR_BOUND,
    GENERATOR_LIMITS,
    LIMITS,
    NOT_MEASURED,
    VERDICTS,
    Code,
    Fault,
    Finding,
    Severity,
    exit_code,
)
from bench.report import FORMATS
from bench.store.document import to_document
from tests.doctor.test_doctor import HEALTHY
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
RENDERER = ROOT / "bench/model/finding.py"
PARSING = ("split", "rsplit", "partition", "rpartition", "startswith", "removeprefix", "index", "find")
NAMED = {
    "GENERATOR_BOUND": GENERATOR_BOUND,
    "GENERATOR_LIMITS": GENERATOR_LIMITS,
    "NOT_MEASURED": NOT_MEASURED,
}


def undocumented(root: Path) -> dict[str, set[str]]:
    """What the documents and the closed list have not in common, by document."""
    glossary, methodology, of_doctor = (
        (root / "docs" / f"{name}.md").read_text() for name in ("glossary", "methodology", "doctor")
    )
    entry = re.search(r"^- \*\*verdict\*\*.*?(?=^- )", glossary, re.MULTILINE | re.DOTALL)
    assert entry
    table = methodology.partition("## When a figure isn't used")[2].partition("\n## ")[0]
    checks = of_doctor.partition("## What is checked")[2].partition("\n## ")[0]
    return {
        "glossary": set(re.findall(r"`([a-z-]+)`", entry[0])) ^ set(VERDICTS),
        "methodology": _first_cells(table) ^ set(VERDICTS),
        "doctor": _first_cells(checks) ^ set(DOCTOR),
    }


def _first_cells(table: str) -> set[str]:
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z-]+)`", cell)}


def used(root: Path) -> set[str]:
    """The codes that something in `bench` finds."""
    return {code for path in (root / "bench").rglob("*.py") for code in used_in(path.read_text())}


@cache
def used_in(source: str) -> frozenset[str]:
    calls = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    )
    firsts = (node.args[0] for node in calls if node.func.id in ("Finding", "CaseCheck"))  # type: ignore[attr-defined]
    return frozenset(
        NAMED[first.id] if isinstance(first, ast.Name) else ast.literal_eval(first)
        for first in firsts
        if isinstance(first, ast.Constant) or (isinstance(first, ast.Name) and first.id in NAMED)
    )


def spelled_out(source: str) -> Iterator[str]:
    """Each place that makes a sentence with a code before it, or takes one apart again."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if any(node.value.startswith(f"{code}:") for code in CODES):
                yield f"line {node.lineno} spells out a code: {node.value[:40]!r}"
        elif isinstance(node, ast.FunctionDef):
            inside = [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]
            if "reasons" in inside and set(PARSING) & set(inside):
                yield f"line {node.lineno}: {node.name} takes reasons apart"


def test_the_documents_name_what_can_be_found() -> None:
    assert undocumented(ROOT) == {"glossary": set(), "methodology": set(), "doctor": set()}


def test_whatever_is_in_the_list_is_found_by_something() -> None:
    assert used(ROOT) == set(CODES)
    assert len(CODES) == len(VERDICTS) + len(LIMITS) + len(DOCTOR), "a code is in one list"


@pytest.mark.parametrize(
    ("fault", "severity", "claims", "tag", "expected"),
    [
        ("server", "failure", True, "failure", 3),
        ("server", "failure", False, "failure", 3),
        ("server", "problem", True, "error", 4),
        ("machine", "problem", True, "error", 4),
        ("machine", "problem", False, "error", 0),
        ("generator", "failure", False, "error", 4),
    ],
)
def test_a_planted_finding_is_everywhere(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, severity: Severity, claims: bool, tag: str, expected: int
) -> None:
    def text(facts: CaseFacts) -> str | None:
        return "it was planted; dig it out" if facts.measured.case.server == "a" else None

    monkeypatch.setitem(VERDICTS, "planted", Code(fault, severity))
    monkeypatch.setattr(verdict, "SERIOUS", (*verdict.SERIOUS, CaseCheck("planted", text)))
    suite = make_suite({"a": 3000.0, "b": 2000.0}, open_rate=None, claims=claims)
    analysis = analyse(suite)

    stored = {case["server"]: case["verdict"] for case in to_document(suite, analysis, 0)["cases"]}
    assert stored["a"] == {"valid": False, "reasons": ["planted: it was planted; dig it out"]}
    assert stored["b"] == {"valid": True, "reasons": []}
    for name in ("html", "md", "text", "csv", "json", "junit"):
        assert "planted: it was planted; dig it out" in " ".join(FORMATS[name](suite, analysis).split())
    assert f'<{tag} message="planted: it was planted; dig it out" type="planted"' in (
        FORMATS["junit"](suite, analysis)
    )
    said = " ".join(FORMATS["text"](suite, analysis).split())
    if claims:
        assert "Not ranked: a (planted)" in said
    elif tag == "failure":
        assert "1 of 2 servers answered rightly; not so a." in said
    else:
        assert "2 of 2 servers answered rightly. Not measured under every load: a (planted)" in said
    assert [case for place in analysis.ranking for case in place.cases if case.startswith("a/")] == []
    assert exit_code(findings_of(suite, analysis)) == expected
    assert undocumented(ROOT) == {"glossary": {"planted"}, "methodology": {"planted"}, "doctor": set()}
    assert "planted" in set(CODES) - used(ROOT)


def test_a_planted_finding_of_the_doctor_is_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DOCTOR, "planted", Code("machine"))
    planted = Finding("planted", "problem", "it was planted", "It grows.", "Dig it out.")
    monkeypatch.setattr(doctor, "CHECKS", (*doctor.CHECKS, lambda _facts: planted))

    assert exit_code(examine(HEALTHY)) == 4
    assert doctor.notes(HEALTHY) == ("planted: it was planted",)
    assert json.loads(json.dumps(doctor.for_programs(planted))) == {
        "name": "planted",
        "state": "problem",
        "found": "it was planted",
        "why": "It grows.",
        "fix": "Dig it out.",
    }
    assert undocumented(ROOT)["doctor"] == {"planted"}


def test_what_is_not_in_the_list_cannot_be_found() -> None:
    with pytest.raises(ValueError, match="'faild' is not in the list"):
        Finding("faild", "problem", "a slip of the pen")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((), 0),
        ((("cpus", "ok"), ("swap", "warning"), ("steal", "unknown")), 0),
        ((("errors", "warning"),), 0),
        ((("swap", "problem"),), 4),
        ((("restarted", "problem"),), 4),
        ((("limit-not-judged", "problem"), ("limit-exceeded", "failure")), 5),
        ((("limit-exceeded", "failure"), ("drifting", "problem"), ("failed", "failure")), 3),
    ],
)
def test_the_exit_code_is_what_weighs_most(found: tuple[tuple[str, Severity], ...], expected: int) -> None:
    assert exit_code(Finding(code, severity, "text") for code, severity in found) == expected


def test_no_code_is_spelled_before_a_sentence_or_read_out_of_one() -> None:
    breaches = [
        f"{path.relative_to(ROOT)}: {breach}"
        for folder in ("bench", "scripts", "proof")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != RENDERER
        for breach in spelled_out(path.read_text())
    ]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize(
    "source",
    [
        "def text(n):\n    return f'errors: {n} of them'",
        "blamed = reason.startswith('failed:')",
        "def code(verdict):\n    return [reason.split(':', 1)[0] for reason in verdict.reasons]",
    ],
)
def test_a_planted_breach_is_seen(source: str) -> None:
    assert len(list(spelled_out(source))) == 1


def test_only_a_servers_failure_blames_it() -> None:
    failed = Finding("failed", "failure", "it ended")
    assert failed.blames_server
    assert not replace(failed, code="restarted", severity="problem").blames_server
    assert not replace(failed, code="generator-limits").blames_server
