"""What a reader sees, whatever is in the result: with and without JavaScript, narrow, dark, printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Opener
from tests.golden.test_golden import SUITES

AXE: Mapping[Literal["light", "dark"], Mapping[str, object]] = {
    "light": {},
    "dark": {"runOnly": ["color-contrast"]},
}
"""All rules, and again those that a theme can break."""

OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
SHORTEN = (
    "() => document.querySelectorAll('tbody tr:nth-child(n+4):not([class])').forEach((one) => one.remove())"
)
"""Rows beyond these look like those before them, and axe takes its time with each cell."""

OUTSIDE = """() => [...document.querySelectorAll("body *")]
    .filter((one) => !one.closest(".wide, pre, #said") && one.checkVisibility())
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)"""
UNREAD = """() => [...document.querySelectorAll("h1, h2, p, li, th, td, pre, svg, caption, summary")]
    .filter((one) => !one.closest("#said") && (!one.checkVisibility({ contentVisibilityAuto: true })
        || one.getBoundingClientRect().height === 0)).map((one) => one.outerHTML)"""
CUT = """() => [...document.querySelectorAll("table, svg, pre, p, h1")]
    .filter((one) => one.scrollWidth > one.clientWidth || one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML)"""
PAPER = 718
"""Pixels across A4 within Chromium's margins."""


ALIKE = ("one-server", "twelve-servers", "several-rates", "too-few-for-percentiles")
"""Whose pages have no part that another one lacks: as axe takes long, it looks at the others."""


@pytest.mark.parametrize("suite", [name for name in SUITES if name not in ALIKE])
def test_axe_finds_nothing_in_either_theme(opened: Opener, suite: str) -> None:
    page = opened(suite)
    page.evaluate(OPEN)
    page.evaluate(SHORTEN)
    for theme, options in AXE.items():
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page, options={"resultTypes": ["violations"], **options})
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"


@pytest.mark.parametrize("suite", SUITES)
def test_without_javascript_everything_can_be_read(opened: Opener, suite: str) -> None:
    page = opened(suite, script=False)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate(UNREAD) == []
    assert not page.locator(".tools").is_visible()
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("suite", SUITES)
def test_a_narrow_page_scrolls_only_within_its_tables_and_charts(opened: Opener, suite: str) -> None:
    page = opened(suite, width=320)
    page.evaluate(OPEN)
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("suite", SUITES)
def test_paper_shows_all_of_it_in_black_on_white(opened: Opener, suite: str) -> None:
    page = opened(suite, theme="dark", width=PAPER)
    page.emulate_media(media="print")
    assert page.locator("nav, .tools, .copy").filter(visible=True).count() == 0
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(UNREAD) == []
    assert page.evaluate(CUT) == []
    hatching = page.locator("tr.unranked").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).printColorAdjust)"
    )
    assert set(hatching) <= {"exact"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_in_charts_stand_out(opened: Opener, theme: Literal["light", "dark"]) -> None:
    """WCAG's 4.5 to 1, which axe doesn't look at within SVG."""
    page = opened(theme=theme)
    ratios = page.evaluate("""() => {
        const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
            .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0.05);
        const ground = light(getComputedStyle(document.body).backgroundColor);
        return [...document.querySelectorAll("svg text")].map((one) => light(getComputedStyle(one).fill))
            .map((words) => Math.max(words, ground) / Math.min(words, ground));
    }""")
    assert len(ratios) > 100
    assert min(ratios) >= 4.5


def test_names_from_outside_are_words(opened: Opener) -> None:
    page = opened("hostile-names")
    name = "<script>alert(1)</script>|`x`"
    assert page.locator("#results td").get_by_text(name, exact=True).first.is_visible()
    assert page.locator("#results td").get_by_text("服务器-快", exact=True).first.is_visible()
    assert page.get_by_role("checkbox", name=name).is_checked()
    assert page.locator("script").count() == 1
    assert page.locator("img, main a:not([download])").count() == 0
