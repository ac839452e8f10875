"""What a reader can do with the page: sort, filter, copy, link, turn the theme, by pointer or keyboard."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.golden.test_golden import FOLDER as GOLDEN

OTHERS = ["wsgiref", "werkzeug", "waitress", "uwsgi"]


def first_table(page: Page) -> Locator:
    return page.locator("#results table").first


def servers(page: Page) -> list[str]:
    """The second column of the first table, as far as it is shown."""
    return first_table(page).locator("tbody tr:visible td:nth-child(2)").all_inner_texts()


def column(page: Page, label: str) -> Locator:
    return first_table(page).get_by_role("columnheader", name=label).get_by_role("button")


def clipboard(page: Page) -> str:
    copied: str = page.evaluate("() => navigator.clipboard.readText()")
    return copied


def ground(page: Page) -> str:
    colour: str = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return colour


def focused(page: Page) -> str:
    words: str = page.evaluate("() => document.activeElement.textContent.trim()")
    return words


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has these words has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if focused(page) == words:
            return
    pytest.fail(f"no way to {words!r} by keyboard")


def test_a_column_sorts_up_down_and_back(opened: Opener) -> None:
    page = opened()
    before = servers(page)
    head = first_table(page).get_by_role("columnheader", name="Requests a second")
    orders = []
    for direction in ("ascending", "descending"):
        column(page, "Requests a second").click()
        expect(head).to_have_attribute("aria-sort", direction)
        orders.append(servers(page))
    up, down = orders
    assert up[0] == down[-1] == "wsgiref"
    assert down[0] == "waitress"
    assert sorted(up) == sorted(down) == sorted(before)
    column(page, "Requests a second").click()
    assert head.get_attribute("aria-sort") is None
    assert servers(page) == before


def test_what_was_not_measured_sorts_last_both_ways(opened: Opener) -> None:
    page = opened("one-failed")
    for _ in range(2):
        column(page, "Requests a second").click()
        assert servers(page)[-1] == "uwsgi"


def test_words_sort_as_words(opened: Opener) -> None:
    page = opened()
    column(page, "Server").click()
    assert servers(page) == sorted(servers(page))


def test_a_checkbox_takes_a_server_from_tables_charts_and_copies(opened: Opener) -> None:
    page = opened()
    page.get_by_role("checkbox", name="gunicorn").uncheck()
    assert page.url.endswith(f"#&servers={','.join(OTHERS)}")
    assert sorted(servers(page)) == sorted(OTHERS)
    drawn = page.locator("svg g:visible").evaluate_all("(all) => all.map((one) => one.dataset.server)")
    assert set(drawn) == set(OTHERS)
    page.get_by_role("button", name="Copy as CSV").first.click()
    assert "gunicorn" not in clipboard(page)
    page.get_by_role("button", name="none").click()
    assert servers(page) == []
    page.get_by_role("button", name="all", exact=True).click()
    assert page.url.endswith("#")
    assert {"gunicorn", "gunicorn-twin"} < set(servers(page))


def test_what_a_link_names_is_open_in_view_and_filtered(opened: Opener) -> None:
    page = opened(fragment="#environment&servers=uwsgi,gunicorn")
    expect(page.locator("#environment")).to_have_attribute("open", "")
    expect(page.locator("#environment summary")).to_be_in_viewport()
    assert set(servers(page)) == {"uwsgi", "gunicorn", "gunicorn-twin"}
    assert page.url.endswith("#environment&servers=gunicorn,uwsgi")


def test_the_menu_keeps_the_choice_of_servers(opened: Opener) -> None:
    page = opened()
    page.get_by_role("checkbox", name="gunicorn").uncheck()
    page.get_by_role("navigation").get_by_role("link", name="Cost").click()
    expect(page.locator("#cost h2")).to_be_in_viewport()
    page.wait_for_url(f"**/*#cost&servers={','.join(OTHERS)}")
    assert sorted(servers(page)) == sorted(OTHERS)


@pytest.mark.parametrize("fragment", ["#nowhere", "#&servers=%E0%A4%A", "#%00", "#results&servers="])
def test_a_link_to_nothing_does_no_harm(opened: Opener, fragment: str) -> None:
    page = opened(fragment=fragment)
    assert page.locator(".tools").is_visible()
    assert page.get_by_role("checkbox", checked=True).count() == (0 if fragment.endswith("=") else 5)


def test_a_table_is_copied_as_markdown(opened: Opener) -> None:
    page = opened("hostile-names")
    page.get_by_role("button", name="Copy as Markdown").first.click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    lines = clipboard(page).splitlines()
    assert "| Requests, a second |" in lines[0]
    assert set(lines[1]) == set("| -:")
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert any(" | \\*\\_\\[a\\](https:b)\\_\\* | " in line and " | 1," in line for line in lines)


def test_a_table_is_copied_as_csv(opened: Opener) -> None:
    page = opened("hostile-names")
    page.get_by_role("button", name="Copy as CSV").first.click()
    head, *rows = csv.reader(clipboard(page).splitlines())
    assert head[4] == "Requests, a second"
    assert [row[1] for row in rows] == servers(page)
    assert {len(row) for row in rows} == {len(head)}


def test_the_command_is_copied_as_it_stands(opened: Opener) -> None:
    page = opened()
    page.locator("#repeat").get_by_role("button", name="Copy").click()
    assert clipboard(page) == page.locator("#repeat pre").inner_text()


def test_the_table_of_all_cases_is_taken_along(opened: Opener) -> None:
    page = opened("hostile-names")
    with page.expect_download() as download:
        page.locator("#downloads").get_by_role("link").click()
    path = download.value.path()
    assert download.value.suggested_filename == "20260102T030405Z-testhost.csv"
    assert path.read_text(encoding="utf-8") == (GOLDEN / "hostile-names.csv").read_text(encoding="utf-8")


def test_the_theme_turns_and_is_remembered(opened: Opener) -> None:
    page = opened()
    light = ground(page)
    page.locator("#theme").click()
    dark = ground(page)
    # The browser stores what a page remembers on its own time: a reload that comes before may lose it.
    for _ in range(20):
        page.reload()
        if ground(page) == dark:
            break
        page.locator("#theme").click()
    else:
        pytest.fail("it is never remembered")
    assert dark != light
    page.locator("#theme").click()
    assert ground(page) == light


def test_the_theme_is_that_of_the_system(opened: Opener) -> None:
    assert ground(opened(theme="dark")) != ground(opened(theme="light"))


def test_everything_is_reached_by_keyboard(opened: Opener) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert focused(page) == "What this means"
    page.get_by_role("checkbox", name="wsgiref").focus()
    page.keyboard.press("Space")
    assert "wsgiref" not in servers(page)
    page.keyboard.press("Space")
    page.get_by_role("button", name="none").focus()
    tab_to(page, "Requests a second")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert servers(page)[0] == "wsgiref"
    assert focused(page) == "Requests a second"
    page.locator("#environment summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#environment table").first).to_be_visible()
