"""What became of requests: one count of each, and the same in every section of every report."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import pytest

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.analysis.outcomes import counts_of, error_rate, itemised, kinds
from bench.load.outcomes import KINDS
from bench.model import Client, Suite, Trial
from bench.model.asked import LocustFile, LocustUsers
from bench.model.finding import exit_code
from bench.report import FORMATS
from bench.report.headline import headline
from bench.report.results import groups
from bench.report.units import percent
from tests.make_suite import at_rate, make_suite

CLOSED, OPEN = "bad/shortly/mixed/closed-16", "bad/shortly/mixed/open"
LOADS = {CLOSED: "closed load of 16 users", OPEN: "open load of 600 a second"}
AGAIN = "sent again (no error)"

# What each trial of the server "bad" sees, as (of closed load, of open load); the rest is answered rightly.
PLANTS: Mapping[str, tuple[dict[str, object], dict[str, object]]] = {
    "right": ({}, {}),
    "wrong": ({"failed": 7, "errors": {"status": 4, "excess": 3}}, {"failed": 1, "errors": {"body": 1}}),
    "another kind": ({"failed": 3, "errors": {"brotli": 3}}, {}),
    "kinds not recorded": ({"failed": 3, "errors": {"reset": 1}}, {}),
    "starved": ({"unfinished": 16}, {"unfinished": 3}),
    "dropped": ({}, {"dropped": 50}),
    "dropped late": ({}, {"dropped": 50, "dropped_late": 50}),
    "all at once": (
        {"failed": 2, "errors": {"truncated": 2}, "unfinished": 5, "lost": 40},
        {"failed": 2, "errors": {"reset": 2}, "unfinished": 5, "dropped": 50, "dropped_late": 20, "lost": 3},
    ),
    "sent again": ({"lost": 40, "connections": 40}, {"lost": 1, "connections": 1}),
    "nothing right": ({"unfinished": 300}, {"dropped": 500, "unfinished": 100}),
}


@cache
def planted(name: str, *, claims: bool = True) -> Suite:
    """One of two servers does so in each trial, the other answers everything rightly."""
    suite = make_suite(
        {"good": 3000.0, "bad": 3000.0}, rounds=2, blocks=6, claims=claims, histograms=False, noise_sd=0.001
    )
    return replace(suite, trials=tuple(_planted(trial, *PLANTS[name]) for trial in suite.trials))


def _planted(trial: Trial, closed: dict[str, object], opened: dict[str, object]) -> Trial:
    changes = {CLOSED: closed, OPEN: opened}.get(trial.case, {})
    changed = replace(trial, **changes)  # type: ignore[arg-type]
    ok = max(0, trial.offered - changed.failed - changed.dropped - changed.unfinished)
    offered = ok + changed.failed + changed.dropped + changed.unfinished
    return replace(changed, ok=ok, answers=float(ok), offered=offered)


class Tables(HTMLParser):
    """The tables of a page: caption to rows, each a list of cells, the heading first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._caption = ""
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("caption", "td", "th"):
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._caption = (self._text or "").strip()
        elif tag in ("td", "th"):
            self._rows[-1].append(" ".join((self._text or "").split()))
        elif tag == "table":
            self.found.setdefault(self._caption, self._rows)
        if tag in ("caption", "td", "th"):
            self._text = None


def of_html(page: str) -> Mapping[str, list[list[str]]]:
    return Tables(page).found


def of_markdown(page: str) -> Mapping[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    caption = ""
    for line in page.splitlines():
        if line.startswith("**") and line.endswith("**"):
            caption = line.strip("*")
        elif line.startswith("| ") and "---" not in line:
            found.setdefault(caption, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def of_text(page: str) -> Mapping[str, list[list[str]]]:
    """A percentage belongs together; a kind of error may have blanks, and ends two before the next cell."""
    found: dict[str, list[list[str]]] = {}
    caption = ""
    for line in page.splitlines():
        if re.match(r"(Capacity|Latency|Errors): ", line):
            caption = line
        elif line.startswith(" ") and not line.startswith("  -"):
            apart = r"\s{2,}" if caption.startswith("Errors") else r"\s+(?!%)"
            found.setdefault(caption, []).append(re.split(apart, line.strip()))
        elif line and "─" not in line:
            caption = caption if line.startswith("Errors") else ""
    return found


READERS: Mapping[str, Callable[[str], Mapping[str, list[list[str]]]]] = {
    "html": of_html,
    "md": of_markdown,
    "text": of_text,
}


def errors_said(tables: Mapping[str, list[list[str]]], load: str) -> dict[str, tuple[int, str]]:
    """kind -> count and share, from the section on errors."""
    rows = tables.get(f"Errors: shortly, mixed, {load}", [])
    return {row[1]: (int(row[2].replace(",", "")), row[3]) for row in rows if row[0] == "bad"}


def result_row(tables: Mapping[str, list[list[str]]], load: str) -> list[str]:
    kind = "Capacity" if load.startswith("closed") else "Latency"
    return next(row for row in tables[f"{kind}: shortly, mixed, {load}"] if "bad" in row)


@pytest.mark.parametrize("claims", [True, False], ids=["standard", "smoke"])
@pytest.mark.parametrize("name", PLANTS)
def test_sections_of_all_formats_for_people_agree(name: str, claims: bool) -> None:
    suite = planted(name, claims=claims)
    analysis = analyse(suite)
    for kind, read in READERS.items():
        page = FORMATS[kind](suite, analysis)
        tables = read(page)
        for case, load in LOADS.items():
            counts = analysis.summaries[case].counts
            said = errors_said(tables, load)
            assert {k: n for k, (n, _) in said.items() if k != AGAIN} == dict(kinds(counts)), kind
            assert said.get(AGAIN, (0, ""))[0] == counts.sent_again, kind
            assert all(share == percent(n / counts.offered) for n, share in said.values()), kind
            wrong = sum(n for k, (n, _) in said.items() if k != AGAIN)
            row = result_row(tables, load)
            errors = row[-3] if kind != "text" and load.startswith("closed") else row[-1]
            assert errors == percent(wrong / counts.offered), kind
            if load.startswith("open"):
                unanswered = counts.dropped + counts.unfinished
                assert row[-2] == percent(unanswered / counts.offered), kind
        again = sum(analysis.summaries[case].counts.sent_again for case in LOADS)
        words = " ".join(page.replace("&#x27;", "'").split())
        assert (f"{again:,} requests of" in words) == bool(again), kind


@pytest.mark.parametrize("name", PLANTS)
def test_a_reason_names_the_counts_of_the_tables(name: str) -> None:
    suite = planted(name)
    analysis = analyse(suite)
    for case in LOADS:
        counts = analysis.summaries[case].counts
        for finding in analysis.verdicts[case].findings:
            if finding.code in ("errors", "overloaded"):
                assert itemised(counts) in finding.text
            if finding.code == "errors":
                assert f"{(error_rate(counts) or 0) * 100:.2f} % of the requests" in finding.text
            if finding.code == "generator-bound":
                assert f"{counts.dropped_late:,} of {counts.offered:,} requests" in finding.text


@pytest.mark.parametrize("name", PLANTS)
def test_the_formats_for_programs_have_the_same_counts(name: str) -> None:
    suite = planted(name)
    analysis = analyse(suite)
    rows = {row["case"]: row for row in csv.DictReader(StringIO(FORMATS["csv"](suite, analysis)))}
    document = {case["id"]: case for case in json.loads(FORMATS["json"](suite, analysis))["cases"]}
    junit = ElementTree.fromstring(FORMATS["junit"](suite, analysis).encode())
    bmf = json.loads(FORMATS["bmf"](suite, analysis))
    names = ("offered", "ok", "failed", "dropped", "dropped_late", "unfinished")
    for case in LOADS:
        truth = {key: sum(getattr(t, key) for t in suite.trials if t.case == case) for key in names}
        truth["sent_again"] = sum(t.lost for t in suite.trials if t.case == case)
        rate = (truth["failed"] + truth["dropped"] + truth["unfinished"]) / truth["offered"]
        out = junit.findtext(f".//testcase[@name='{case}']/system-out") or ""
        said = dict(line.split(" ") for line in out.splitlines())
        summary = document[case]["summary"]
        assert {key: int(rows[case][key]) for key in truth} == truth
        assert {key: int(said[key]) for key in truth} == truth
        assert {key: summary["counts"][key] for key in truth} == truth
        rates = (float(rows[case]["error_rate"]), float(said["error_rate"]), summary["error_rate"])
        assert rates == pytest.approx([rate] * 3)
        assert case not in bmf or analysis.verdicts[case].valid


# name -> codes of the closed and of the open case, and the exit code, each in the standard profile
BLAMED: Mapping[str, tuple[Sequence[str], Sequence[str], int]] = {
    "right": ([], [], 0),
    "wrong": (["errors"], ["errors"], 3),
    "starved": (["errors"], ["errors"], 3),
    "dropped": ([], ["overloaded"], 4),
    "dropped late": ([], ["generator-bound"], 4),
    "sent again": ([], [], 0),
    "nothing right": (["errors"], ["overloaded"], 3),
}
STATISTICAL = {"stalled", "little", "drifting", "too-few"}


@pytest.mark.parametrize(("name", "claims"), [(name, claims) for name in BLAMED for claims in (True, False)])
def test_who_is_blamed(name: str, claims: bool) -> None:
    closed, opened, exit_with = BLAMED[name]
    suite = planted(name, claims=claims)
    # Without histograms no median is known, which is too few for open load; it isn't what this is about.
    analysis = analyse(suite)
    found = {case: [c for c in analysis.verdicts[case].codes if c not in STATISTICAL] for case in LOADS}
    assert found == {CLOSED: closed, OPEN: opened}
    if not claims:
        assert exit_code(findings_of(suite, analysis)) == (exit_with if exit_with == 3 else 0)
        assert all(analysis.verdicts[case].valid == (not found[case]) for case in LOADS)
    elif exit_with:
        assert exit_code(findings_of(suite, analysis)) == exit_with


def one_trial(claims: bool = False, **changes: object) -> Suite:
    """A run with a single trial of open load, which saw this."""
    suite = make_suite({"bad": 3000.0}, rounds=1, blocks=1, claims=claims, histograms=False)
    trials = (replace(t, **changes) if t.case == OPEN else t for t in suite.trials)  # type: ignore[arg-type]
    return replace(suite, trials=tuple(trials))


def reasons_of(suite: Suite) -> tuple[str, ...]:
    return analyse(suite).verdicts[OPEN].reasons


def codes_of(suite: Suite) -> tuple[str, ...]:
    return analyse(suite).verdicts[OPEN].codes


def said_of(suite: Suite) -> str:
    analysis = analyse(suite)
    return headline(suite, analysis, groups(suite, analysis))[0]


def test_the_pilot_s_rate_is_not_called_the_servers_fault() -> None:
    suite = one_trial(offered=600, ok=300, answers=300.0, dropped=300)
    asked = reasons_of(suite)[0]
    found = reasons_of(replace(suite, plan=replace(suite.plan, rate=None)))[0]

    assert "could not keep up with 600 a second (as --rate asked): 300 of 600 requests got" in asked
    assert "(the rate came from a short pilot)" in found
    for reason in (asked, found):
        assert "mend" not in reason
        assert reason.endswith("offer less with --rate")
    assert "1 of 1 server answered rightly. Not measured under every load: bad (overloaded)" in said_of(suite)


def test_what_waits_behind_dropped_requests_is_part_of_the_overload() -> None:
    flooded = one_trial(offered=1000, ok=100, answers=100.0, dropped=744, unfinished=156)
    assert codes_of(flooded) == ("overloaded",)
    assert "156 never answered" in reasons_of(flooded)[0]


@pytest.mark.parametrize(("dropped", "late", "valid"), [(20, 0, True), (20, 20, True), (40, 20, False)])
def test_in_smoke_a_hiccup_is_no_news(dropped: int, late: int, valid: bool) -> None:
    suite = one_trial(offered=600, ok=600 - dropped, dropped=dropped, dropped_late=late)
    assert (not reasons_of(suite)) == valid
    strict = one_trial(claims=True, offered=600, ok=600 - dropped, dropped=dropped, dropped_late=late)
    assert {"overloaded", "generator-bound"} & set(codes_of(strict))


def test_a_rate_beyond_the_generator_is_the_generators_limit() -> None:
    made = make_suite({"bad": 3000.0}, rounds=1, blocks=1, claims=False, histograms=False)
    suite = at_rate(made, 1e6)
    trials = tuple(
        replace(t, offered=500_000, ok=500, answers=500.0, dropped=499_500) if t.case == OPEN else t
        for t in suite.trials
    )
    suite = replace(suite, trials=trials)

    (reason,) = reasons_of(suite)

    assert reason.startswith(
        "generator-bound: 1,000,000 a second were asked for, but the load generator reaches"
    )
    assert exit_code(findings_of(suite, analyse(suite))) == 0
    assert "Not measured under every load: bad (generator-bound)" in said_of(suite)
    assert "1 of 2 cases worked;" in FORMATS["text"](suite, analyse(suite))


@pytest.mark.parametrize("claims", [True, False])
def test_nothing_due_is_nothing_measured(claims: bool) -> None:
    suite = one_trial(claims, offered=0, ok=0, answers=0.0, mean_s=None)
    assert reasons_of(suite)[0].startswith("not-measured: no request was due in its 1 trial of 1 s")
    assert codes_of(suite) == ("not-measured", *["too-few"] * claims)


@pytest.mark.parametrize("claims", [True, False])
def test_without_a_right_answer_nothing_is_valid(claims: bool) -> None:
    suite = one_trial(claims, offered=16, ok=0, answers=0.0)
    assert not analyse(suite).verdicts[OPEN].valid


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("ok", "dropped", "unfinished")])
def test_every_kind_of_error_has_words(kind: str) -> None:
    trial = replace(planted("right").trials[0], failed=1, errors={kind: 1})
    ((words, number),) = kinds(counts_of([trial]))
    assert number == 1
    assert words != kind


def test_counts_add_up() -> None:
    for name in PLANTS:
        for case in LOADS:
            counts = counts_of(t for t in planted(name).trials if t.case == case)
            assert sum(n for _, n in kinds(counts)) == counts.offered - counts.ok


FILE = LocustFile("locustfile.py", "0" * 64, "2.47.0", (LocustUsers("Reader", "HttpUser", 16, ""),))


@pytest.mark.parametrize(
    ("client", "locust", "said"),
    [
        ("loop", None, "none of them at a second"),
        ("fasthttp", None, "none of them at a second"),
        ("locustfile", FILE, "perhaps at a second"),
    ],
)
def test_a_client_that_tries_again_by_itself_hides_it(
    client: Client, locust: LocustFile | None, said: str
) -> None:
    suite = planted("right")
    suite = replace(suite, plan=replace(suite.plan, client=client, locust=locust))
    assert said in FORMATS["md"](suite, analyse(suite))
