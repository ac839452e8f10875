"""The formats that other programs read: JUnit XML, Bencher metrics, and Markdown within GitHub's limit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bench.analysis import analyse
from bench.model import Suite
from bench.report import FORMATS, markdown
from bench.report.page import Page, Section
from tests.golden.test_golden import SUITES, all_invalid, hostile_names, one_failed, smoke, standard
from tests.make_suite import make_suite, without_trials

# What common readers agree on; `bench/report/junit.py` has the rules in words.
COUNTS = {"tests", "failures", "errors", "skipped"}
ATTRIBUTES = {
    "testsuites": {"name", "time", *COUNTS},
    "testsuite": {"name", "time", "timestamp", "hostname", *COUNTS},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": r"testsuite ",
    "testsuite": r"properties (testcase )*",
    "properties": r"(property )*",
    "testcase": r"((failure|error|skipped) )?(system-out )?",
}
NUMBER = re.compile(r"\d+\.\d{3}")


def junit(suite: Suite) -> ElementTree.Element:
    """The report's test suite, after every rule was checked."""
    text = FORMATS["junit"](suite, analyse(suite))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag], element.tag
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(CHILDREN.get(element.tag, ""), children), (element.tag, children)
        if "time" in element.attrib:
            assert NUMBER.fullmatch(element.attrib["time"])
        if element.tag in CHILDREN:
            assert not (element.text or "").strip(), "only leaves hold text"
    (parent,) = root
    counted = {
        "tests": len(root.findall(".//testcase")),
        "failures": len(root.findall(".//failure")),
        "errors": len(root.findall(".//error")),
        "skipped": len(root.findall(".//skipped")),
    }
    for element in (root, parent):
        assert {name: int(element.attrib[name]) for name in COUNTS} == counted
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", parent.attrib["timestamp"])
    return parent


def outcomes(suite: Suite) -> dict[str, tuple[str, str]]:
    """Of each test case: what became of it, and the message."""
    return {
        case.attrib["name"]: (case[0].tag, case[0].attrib["message"])
        for case in junit(suite).iter("testcase")
        if len(case) and case[0].tag != "system-out"
    }


@pytest.mark.parametrize("name", SUITES)
def test_junit_keeps_the_rules_and_has_a_test_case_a_case(name: str) -> None:
    suite = SUITES[name]()
    assert len(junit(suite).findall("testcase")) == len(suite.plan.cases)


def test_a_valid_run_has_only_passes() -> None:
    assert outcomes(standard()) == outcomes(smoke()) == {}


def test_a_server_at_fault_is_a_failure_with_its_log() -> None:
    found = outcomes(one_failed())
    assert {name.split("/")[0] for name in found} == {"uwsgi"}
    assert {tag for tag, _ in found.values()} == {"failure"}
    assert all("it ended with exit code 1 before it answered" in message for _, message in found.values())
    failures = junit(one_failed()).findall(".//failure")
    assert all("No module named 'redis'" in (failure.text or "") for failure in failures)


def test_wrong_answers_are_a_failure() -> None:
    assert {tag for tag, _ in outcomes(all_invalid()).values()} == {"failure"}


def test_a_figure_that_is_not_valid_is_an_error() -> None:
    found = outcomes(make_suite({"a": 3000.0}, rounds=1, blocks=30))
    assert {tag for tag, _ in found.values()} == {"error"}
    assert all(message.startswith("too-few: 1 round") for _, message in found.values())


def test_what_was_not_measured_is_skipped_and_has_no_figures() -> None:
    suite = without_trials(make_suite({"a": 3000.0}))
    assert {tag for tag, _ in outcomes(suite).values()} == {"skipped"}
    assert junit(suite).findall(".//system-out") == []


def test_junit_names_the_machine_and_the_versions() -> None:
    properties = {p.attrib["name"]: p.attrib["value"] for p in junit(standard()).iter("property")}
    assert properties["cpu_model"] == "Example CPU 3000"
    assert properties["version.gunicorn"] == "27.0.1"
    assert properties["profile"] == "standard"


def test_junit_has_the_figures_in_si_units() -> None:
    suite = standard()
    case = suite.plan.cases[0]
    written = next(c for c in junit(suite).iter("testcase") if c.attrib["name"] == case.id)
    figures = dict(line.split() for line in (written.findtext("system-out") or "").splitlines())
    throughput = analyse(suite).summaries[case.id].figures["throughput_rps"]
    assert throughput is not None
    assert abs(float(figures["throughput_rps"]) / throughput.value - 1) < 1e-6


def test_hostile_names_and_logs_are_text_in_junit() -> None:
    suite = hostile_names()
    names = {case.attrib["name"] for case in junit(suite).iter("testcase")}
    assert names == {case.id for case in suite.plan.cases}
    log = junit(suite).findtext(".//failure") or ""
    assert "<img src=x onerror=alert(1)>" in log
    odd = make_suite({"a\ufffe\uffff\x00\r\n]]>&": 3000.0}, open_rate=None, histograms=False)
    (case,) = junit(odd).findall("testcase")
    assert case.attrib["name"].endswith("\n]]>&/shortly/mixed/closed-16")


def test_a_time_without_a_form_is_not_invented() -> None:
    text = FORMATS["junit"](replace(smoke(), started="once"), analyse(smoke()))
    assert ElementTree.fromstring(text)[0].attrib["timestamp"] == "once"


def bmf(suite: Suite) -> dict[str, dict[str, dict[str, float]]]:
    """The metrics, after their form was checked."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(FORMATS["bmf"](suite, analyse(suite)))
    for measures in found.values():
        assert measures
        for measure in measures.values():
            assert {"value"} <= set(measure) <= {"value", "lower_value", "upper_value"}
            assert all(isinstance(value, (int, float)) and value > 0 for value in measure.values())
            assert measure.get("lower_value", 0) <= measure["value"] <= measure.get("upper_value", 1e99)
    return found


@pytest.mark.parametrize("name", SUITES)
def test_metrics_have_their_form(name: str) -> None:
    bmf(SUITES[name]())


def test_metrics_are_what_the_summary_says() -> None:
    suite = standard()
    found, summaries = bmf(suite), analyse(suite).summaries
    closed, opened = found["gunicorn/shortly/mixed/closed-16"], found["gunicorn/shortly/mixed/open"]
    assert set(closed) == {"throughput", "cpu-per-request", "memory-peak"}
    assert set(opened) == {"latency-p50", "latency-p99"}
    throughput = summaries["gunicorn/shortly/mixed/closed-16"].figures["throughput_rps"]
    assert throughput is not None
    assert closed["throughput"] == {
        "value": throughput.value, "lower_value": throughput.low, "upper_value": throughput.high
    }  # fmt: skip
    assert opened["latency-p99"]["value"] == summaries["gunicorn/shortly/mixed/open"].value("p99")


def test_metrics_have_no_twin_and_nothing_invalid_and_nothing_of_a_smoke_run() -> None:
    assert {name.split("/")[0] for name in bmf(standard())} == {
        "wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi"
    }  # fmt: skip
    assert not any(name.startswith("uwsgi/") for name in bmf(one_failed()))
    assert bmf(all_invalid()) == bmf(smoke()) == {}


def test_metrics_have_nothing_for_what_was_not_measured() -> None:
    suite = make_suite({"a": 3000.0}, open_rate=500.0)
    unread = replace(
        suite,
        trials=tuple(replace(trial, cpu_s=None) for trial in suite.trials),
        deployments=tuple(replace(record, memory_peak_bytes=None) for record in suite.deployments),
    )
    found = bmf(unread)
    assert set(found["a/shortly/mixed/closed-16"]) == {"throughput"}
    assert set(found["a/shortly/mixed/open"]) == {"latency-p50"}


def test_markdown_leaves_sections_out_from_the_end_and_says_so() -> None:
    sections = tuple(Section(f"s{n}", f"Section {n}", ("服" * 100_000,), folded=n == 3) for n in range(1, 5))
    text = markdown.write(Page("Title", "subtitle", ("The verdict.",), sections))
    assert 900_000 < len(text.encode()) <= markdown.MAX_BYTES
    assert "**The verdict.**" in text
    assert "## Section 2" in text
    assert "<summary>Section 3</summary>" in text
    assert "Section 4" not in text
    assert text.endswith("The last 1 section would not fit into 1 MiB; `--format html` has everything.\n")


def test_markdown_that_fits_is_whole() -> None:
    text = markdown.write(Page("Title", "subtitle", (), (Section("s", "Section", ("x",)),)))
    assert text == "# Title\n\nsubtitle\n\n## Section\n\nx\n"


@pytest.mark.parametrize(
    ("limit", "kept"), [(10_000, 4), (200 + 33, 4), (200 + 32, 3), (200 + 15, 2), (200, 1), (0, 1)]
)
def test_as_many_parts_as_fit(limit: int, kept: int) -> None:
    parts = ["first\n", "服服\n", "third section\n", "x\n"]
    text = markdown.limited(parts, limit)
    assert text.startswith("\n".join(parts[:kept]))
    assert ("would not fit" in text) == (kept < 4)
    assert kept == 1 or len(text.encode()) <= limit
