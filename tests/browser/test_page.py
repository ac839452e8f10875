"""The report as a browser shows it, from disk: its policy holds, and its script does what it says."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import analyse
from bench.report import FORMATS
from tests.golden.test_golden import SUITES
from tests.machine import lacks

LIMIT_S = 60
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--virtual-time-budget=2000",
)  # fmt: skip


def found(
    folder: Path, expression: str, *, suite: str = "standard", fragment: str = "", width: int = 1280
) -> Any:
    """The value of a JavaScript expression on the page, whose policy is extended by this one script."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        lacks("no Chromium on this machine: apt install chromium")
    script = (
        f'addEventListener("load", async () => {{ document.title = JSON.stringify(await ({expression})); }})'
    )
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made = SUITES[suite]()
    page = FORMATS["html"](made, analyse(made))
    assert page.count("script-src '") == page.count("</body>") == 1
    page = page.replace("script-src '", f"script-src 'sha256-{hashed}' '")
    path = folder / "report.html"
    path.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    done = subprocess.run(
        [
            browser, *OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900",
            "--dump-dom", f"{path.as_uri()}{fragment}",
        ],
        capture_output=True, text=True, check=True, timeout=LIMIT_S,
    )  # fmt: skip
    title = done.stdout.partition("<title>")[2].partition("</title>")[0]
    return json.loads(title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


ROWS = '[...document.querySelector("#results table").tBodies[0].rows]'
SERVERS = f"{ROWS}.filter((row) => row.checkVisibility()).map((row) => row.cells[1].textContent)"
HEAD = 'document.querySelectorAll("#results thead button")'


def test_style_and_script_are_within_the_policy(tmp_path: Path) -> None:
    looked = found(
        tmp_path,
        '[document.querySelector(".tools").checkVisibility(), getComputedStyle(document.body).maxWidth,'
        ' getComputedStyle(document.querySelector("svg .tiny")).fontSize]',
    )
    assert looked == [True, "1216px", "10px"]


def test_what_a_link_names_is_open_and_filtered(tmp_path: Path) -> None:
    open_, shown, boxes, hash_ = found(
        tmp_path,
        f'[document.getElementById("environment").open, {SERVERS},'
        ' [...document.querySelectorAll("input:checked")].map((box) => box.value), location.hash]',
        fragment="#environment&servers=uwsgi,gunicorn",
    )
    assert open_
    assert shown == ["uwsgi", "gunicorn", "gunicorn-twin"]
    assert boxes == ["gunicorn", "uwsgi"]
    assert hash_ == "#environment&servers=gunicorn,uwsgi"


def test_a_checkbox_takes_a_server_from_tables_and_charts(tmp_path: Path) -> None:
    hash_, drawn = found(
        tmp_path,
        '(document.querySelector("input[value=gunicorn]").click(), [location.hash,'
        ' [...document.querySelectorAll("svg g")].filter((g) => getComputedStyle(g).display !== "none")'
        ".map((g) => g.dataset.server)])",
    )
    assert hash_ == "#&servers=wsgiref,werkzeug,waitress,uwsgi"
    assert set(drawn) == {"wsgiref", "werkzeug", "waitress", "uwsgi"}


def test_a_column_sorts_up_down_and_back(tmp_path: Path) -> None:
    before, up, down, sort, back = found(
        tmp_path,
        f"(() => {{ const click = () => {{ {HEAD}[2].click(); return {SERVERS}; }};"
        f" return [{SERVERS}, click(), click(), {HEAD}[2].parentElement.ariaSort, click()]; }})()",
    )
    assert before == back
    assert up[0] == "wsgiref"
    assert down[0] == "waitress"
    assert down[-1] == "wsgiref"
    assert sorted(up) == sorted(down) == sorted(before)
    assert sort == "descending"


@pytest.mark.parametrize(
    ("button", "line"),
    [("Markdown", " | \\*\\_\\[a\\](https:b)\\_\\* | 1,"), ("CSV", ',*_[a](https:b)_*,"1,')],
)
def test_a_table_is_copied(tmp_path: Path, button: str, line: str) -> None:
    copied = found(
        tmp_path,
        "(async () => { let copied; navigator.clipboard.writeText = async (text) => { copied = text; };"
        ' [...document.querySelectorAll(".copy button")]'
        f'.find((b) => b.textContent.endsWith("{button}")).click();'
        " await new Promise((resolve) => setTimeout(resolve)); return copied; })()",
        suite="hostile-names",
    )
    lines = copied.splitlines()
    assert "Requests, a second" in lines[0]
    assert any(line in one for one in lines)


def test_the_theme_turns(tmp_path: Path) -> None:
    colours = found(
        tmp_path,
        "(() => { const ground = () => getComputedStyle(document.body).backgroundColor;"
        ' const click = () => (document.getElementById("theme").click(), ground());'
        " return [ground(), click(), click()]; })()",
    )
    assert colours[0] == colours[2] != colours[1]


@pytest.mark.parametrize("suite", ["standard", "twelve-servers", "hostile-names"])
def test_a_narrow_page_scrolls_only_within_its_tables_and_charts(tmp_path: Path, suite: str) -> None:
    wider = found(
        tmp_path,
        '(() => { Object.assign(document.body.style, { width: "320px", margin: 0 });'
        ' for (const one of document.querySelectorAll("details")) one.open = true;'
        ' return [...document.querySelectorAll("body *")].filter((e) =>'
        ' e.getBoundingClientRect().right > 321 && !e.closest(".wide, pre, #said"))'
        ".map((e) => e.outerHTML); })()",
        suite=suite,
    )
    assert wider == []
