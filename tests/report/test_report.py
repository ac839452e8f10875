"""Properties of every report, whatever is in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO

import pytest
from markdown_it import MarkdownIt

from bench.analysis import analyse
from bench.model import Calibration, Ceiling, Sample, Suite
from bench.report import FORMATS, units
from bench.report.repeat import repeat_command
from tests.golden.test_golden import SUITES, hostile_names, several_rates, smoke, standard
from tests.make_suite import make_suite, without_trials


class Tags(HTMLParser):
    """Which elements a page has, and whether they are closed in order."""

    VOID = frozenset({"meta", "br", "img", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.servers: set[str] = set()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.policy = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.named += found.get("aria-labelledby", "").split()
        self.named += re.findall(r"url\(#([^)]*)\)", " ".join(found.values()))
        self.servers |= {found["data-server"]} if "data-server" in found else set()
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inline:
            self.inline[self.open[-1]].append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


_RENDERED: dict[tuple[int, str], tuple[Suite, str]] = {}


def rendered(suite: Suite, name: str) -> str:
    """In a format; of the same suite it is made once, since many tests look at the same page."""
    key = id(suite), name
    if key not in _RENDERED:
        _RENDERED[key] = suite, FORMATS[name](suite, analyse(suite))
    return _RENDERED[key][1]


@pytest.mark.parametrize("name", SUITES)
def test_html_is_closed_in_itself(name: str) -> None:
    page = rendered(SUITES[name](), "html")
    tags = parsed(page)
    assert not tags.names & {"link", "img", "image", "use", "iframe", "object", "b", "i"}
    assert not {attribute for attribute in tags.attributes if attribute.startswith("on")}
    assert "style" not in tags.attributes
    assert len(page.encode()) < 500_000


@pytest.mark.parametrize("name", SUITES)
def test_html_links_to_what_is_there(name: str) -> None:
    tags = parsed(rendered(SUITES[name](), "html"))
    assert len(tags.ids) == len(set(tags.ids))
    assert tags.addresses
    links = {address for address in tags.addresses if not address.startswith("data:text/csv;")}
    assert {address[:1] for address in links} == {"#"}
    assert {address[1:] for address in links} | set(tags.named) <= set(tags.ids)


@pytest.mark.parametrize("name", ["standard", "hostile-names"])
def test_the_page_carries_the_table_of_all_cases(name: str) -> None:
    suite = SUITES[name]()
    page = rendered(suite, "html")
    start = "data:text/csv;charset=utf-8;base64,"
    (address,) = (found for found in parsed(page).addresses if found.startswith(start))
    assert base64.b64decode(address.removeprefix(start), validate=True).decode() == rendered(suite, "csv")
    assert f'download="{suite.id}.csv"' in page


def test_the_policy_allows_the_inline_style_and_script_and_nothing_else() -> None:
    tags = parsed(rendered(hostile_names(), "html"))
    directives = dict(part.split(" ", 1) for part in tags.policy.split("; "))
    assert directives.pop("default-src") == "'none'"
    assert directives.pop("base-uri") == directives.pop("form-action") == "'none'"
    for tag in ("style", "script"):
        inline = "".join(tags.inline[tag])
        hashed = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert directives.pop(f"{tag}-src") == f"'sha256-{hashed}'"
    assert not directives


def test_what_a_filter_selects_has_a_checkbox() -> None:
    suite = standard()
    tags = parsed(rendered(suite, "html"))
    assert tags.servers == {d.server.name for d in suite.plan.deployments}


def test_a_page_of_a_full_run_is_small() -> None:
    suite = make_suite(dict.fromkeys("abcde", 3000.0), twin="a", rounds=20, blocks=100, histograms=False)
    assert len(rendered(suite, "html").encode()) < 1_500_000


@pytest.mark.parametrize("name", ["standard", "twelve-servers"])
def test_html_has_every_section_in_order(name: str) -> None:
    tags = parsed(rendered(SUITES[name](), "html"))
    order = [address[1:] for address in tags.addresses if address.startswith("#")]
    wanted = ["results", "validity", "environment", "throughput", "latency", "cost", "endpoints", "time"]
    wanted += ["errors", "configuration", "repeat", "downloads"]
    wanted.remove("endpoints") if name == "twelve-servers" else None
    assert [section for section in order if section in wanted] == wanted


def test_load_against_latency_is_drawn_where_several_rates_were_run() -> None:
    assert "load" not in parsed(rendered(standard(), "html")).ids
    page = rendered(several_rates(), "html")
    assert "load" in parsed(page).ids
    section = page.partition('<section id="load">')[2].partition("</section>")[0]
    assert "Left out where not valid: werkzeug." in section
    rows = re.findall(r'<tr data-server="(\w+)">\s*<td>\w+</td>\s*<td class="number">([\d,]+)</td>', section)
    assert [rate for server, rate in rows if server == "wsgiref"] == ["350", "560", "600"]
    assert [rate for server, rate in rows if server == "werkzeug"] == ["450", "600"]
    assert len(rows) == 3 * 5 - 1


def test_the_verdict_names_who_is_not_ranked_and_what_he_did_at_least() -> None:
    suite = replace(make_suite({"quick": 3000.0, "slow": 900.0}), calibration=Calibration(4000, 4000, 1e-4))
    summary = analyse(suite).summaries["quick/shortly/mixed/closed-16"].figures["throughput_rps"]
    at_least = units.value_of(summary)
    text = " ".join(rendered(suite, "text").split())
    assert f"Not ranked: quick (generator-bound: at least {at_least} a second)." in text
    assert f"at least {at_least}, not ranked" in rendered(suite, "html")
    assert "quick is first" not in text.partition("open load")[0]


def test_the_ceiling_is_said_with_the_answers_that_it_is_of() -> None:
    page = Calibration(60_000.0, 20_000.0, 5e-5, "shop", "get", Sample(420, 1559, differing=True))
    text = rendered(replace(standard(), calibration=page), "md")
    assert "20,000 with a connection each, with answers of 1,559 bytes that differ each time |" in text
    other = Ceiling(9_000.0, 5_000.0, 5e-5, "hello", "hello", Sample(90, 0, differing=False))
    text = rendered(replace(standard(), calibration=replace(page, others=(other,))), "md")
    assert "| shop, get: 60,000 a second on kept connections" in text
    assert "; hello, hello: 9,000 a second on kept connections" in text
    assert "with answers without a body that are the same each time |" in text


def test_what_a_noisy_run_could_not_show() -> None:
    suite = standard()
    found = replace(analyse(suite), detectable=50.0)
    assert "even a factor of two" in FORMATS["text"](suite, found)


def test_a_tie_is_not_said_to_have_one_figure() -> None:
    verdict = rendered(standard(), "md").splitlines()[4]
    assert "waitress and uwsgi tie for first, waitress at " in verdict


def test_errors_are_counted_by_kind() -> None:
    suite = SUITES["all-invalid"]()
    failed = sum(t.failed for t in suite.trials if t.case == "gunicorn/shortly/mixed/closed-16")
    assert f"| gunicorn | wrong status | {failed:,} |" in rendered(suite, "md")
    assert " requests were answered rightly, none of them at a second try." in rendered(standard(), "md")


def test_nothing_from_outside_is_markup() -> None:
    suite = hostile_names()
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(rendered(suite, "md"))
    tags = parsed(html)
    assert not tags.names & {"script", "img", "em", "a", "b", "i"}
    assert html.count("<h1>") == 1
    assert "服务器-快" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;|`x`" in html


@pytest.mark.parametrize("name", FORMATS)
def test_no_control_characters_in_any_format(name: str) -> None:
    text = rendered(hostile_names(), name)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode()


@pytest.mark.parametrize("name", SUITES)
def test_text_fits_a_terminal(name: str) -> None:
    text = rendered(SUITES[name](), "text")
    if name != "hostile-names":
        folded = [line for line in text.splitlines() if not line.startswith("    wsgi-bench run ")]
        assert max(map(len, folded)) <= 80
    assert text.isprintable() or set(filter(lambda c: not c.isprintable(), text)) == {"\n"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_without_trials_renders(name: str) -> None:
    suite = without_trials(make_suite({"a": 3000.0, "b": 1000.0}))
    assert rendered(suite, name)
    assert rendered(replace(suite, calibration=None), name)


def test_what_was_not_measured_is_never_zero() -> None:
    suite = without_trials(make_suite({"a": 3000.0}))
    row = next(csv.DictReader(StringIO(rendered(suite, "csv"))))
    assert {row[key] for key in row if key.endswith(("_rps", "_s", "_bytes", "_rate"))} == {""}
    start = f"| {units.DASH} | a |"
    table_row = next(line for line in rendered(suite, "md").splitlines() if line.startswith(start))
    assert table_row.count("n/a") == 8


def test_smoke_says_that_it_is_no_measurement() -> None:
    text = rendered(smoke(), "md")
    assert "**Not a measurement" in text
    assert "| 1 |" not in text


def test_csv_has_no_formulas() -> None:
    suite = make_suite({"=HYPERLINK(1)": 3000.0, "+1": 2000.0, "@x": 1000.0})
    rows = list(csv.DictReader(StringIO(rendered(suite, "csv"))))
    assert {row["server"] for row in rows} == {"'=HYPERLINK(1)", "'+1", "'@x"}
    assert float(rows[0]["throughput_rps"]) > 0


def test_json_is_what_the_analysis_says() -> None:
    suite = standard()
    found = analyse(suite)
    document = json.loads(FORMATS["json"](suite, found))
    assert [tuple(place["cases"]) for place in document["ranking"]] == [p.cases for p in found.ranking]
    assert len(document["cases"]) == 12
    assert document["cases"][0]["verdict"] == {"valid": True, "reasons": []}


def test_the_command_that_repeats_a_run() -> None:
    assert repeat_command(make_suite({"a b": 1.0, "c": 2.0}, open_rate=None, histograms=False)) == (
        "wsgi-bench run --profile standard --runtime local --servers 'a b,c' --app shortly --scenarios mixed "
        "--users 16 --rounds 6 --blocks 30 --seed 1"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "n/a"),
        (0, "0"),
        (0.1234, "0.123"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345.6, "12,346"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert units.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "n/a"), (0.0, "0 %"), (0.00001, "< 0.01 %"), (0.0123, "1.23 %"), (1.0, "100.00 %")],
)
def test_percent(value: float | None, shown: str) -> None:
    assert units.percent(value) == shown
