"""One Chromium for all tests of pages, each page rendered once, and what a page must never do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from bench.analysis import analyse
from bench.report import FORMATS
from tests.golden.test_golden import SUITES
from tests.required import lacks

# It would start a process for each window, for suggestions below an address bar that nobody sees.
NO_SUGGESTIONS = (
    "--disable-features=PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup"
)
COMMANDS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; nothing is downloaded."""
    command = next(filter(None, map(shutil.which, COMMANDS)), None)
    if command is None:
        lacks("no Chromium on this machine: apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=command, args=["--no-sandbox", NO_SUGGESTIONS])
        yield started
        started.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Renders a suite's page at most once."""
    folder = tmp_path_factory.mktemp("pages")

    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            suite = SUITES[name]()
            path.write_text(FORMATS["html"](suite, analyse(suite)), encoding="utf-8")
        return path

    return write


@dataclass
class Opener:
    """Opens pages from disk, without network, and keeps what they should not have said or asked for."""

    browser: Browser
    written: Callable[[str], Path]
    complaints: list[str] = field(default_factory=list)

    def __call__(
        self,
        suite: str = "standard",
        *,
        fragment: str = "",
        width: int = 1280,
        theme: Literal["light", "dark"] = "light",
        script: bool = True,
    ) -> Page:
        context = self.browser.new_context(
            offline=True,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=script,
            permissions=["clipboard-read", "clipboard-write"],
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._requested)
        page.goto(f"{self.written(suite).as_uri()}{fragment}")
        return page

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).scheme != "file" or not request.is_navigation_request():
            self.complaints.append(f"asked for {request.url}")


@pytest.fixture
def opened(browser: Browser, written: Callable[[str], Path]) -> Iterator[Opener]:
    """Opens a suite's page; at the end no page may have logged anything, or asked for anything but itself."""
    opener = Opener(browser, written)
    yield opener
    for context in browser.contexts:
        context.close()
    assert opener.complaints == []
