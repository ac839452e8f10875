"""What `wsgi-bench init` writes: the settings of a project, as they were found, with the reasons."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.ask.initfile import Chosen
from bench.ask.ownapp import OwnApp
from bench.ask.resolution import Settings
from bench.ask.settings.locust import LOCUST
from bench.ask.settings.requests import REQUESTS
from bench.preflight.page import said
from bench.run.ready import ReadyApp


def chosen(asked: Settings, own: OwnApp, ready: ReadyApp, here: Path) -> Iterator[Chosen]:
    """The settings for the project's file: what was found, and what its user gave."""
    also = f"; {', '.join(own.found.others)} could be meant, too" if own.found.others else ""
    yield Chosen("app", ready.seen.callable, f"Found by {own.found.origin}{also}")
    if own.found.root != here:
        yield Chosen("chdir", os.path.relpath(own.found.root, here), "The folder that it is imported from")
    python, source = Path(ready.interpreter.python), ready.interpreter.source
    if "python" not in asked.given and python.is_relative_to(here):
        yield Chosen("python", str(python.relative_to(here)), f"What serves it: {source}")
    for name, why in (
        ("python", "What serves it"),
        ("requirements", "Its environment is built from this"),
        ("env_file", "Variables that it needs"),
    ):
        if name in asked.given:
            yield Chosen(name, asked.given[name], why)
    if names := [text.partition("=")[0] for text in asked.given.get("env", ())]:
        yield Chosen("env", names, "Variables that it needs; their values come from your shell")
    names = [server.name for server in ready.servers if not server.own and not server.service]
    yield Chosen("servers", names, _why(ready))
    if lines := list(asked.given.get("server", ())):
        yield Chosen("server", lines, "Your own server lines")
    if "baseline" in asked.given:
        yield Chosen("baseline", asked.given["baseline"], "What all else is compared with")
    if "minutes" in asked.given:
        yield Chosen("minutes", asked.given["minutes"], "What a run may take")
    pages = "; ".join(f"{each.request}: {said(each)}" for each in ready.seen.answered)
    for name in (row.name for row in (*REQUESTS, *LOCUST) if row.name in asked.given):
        yield Chosen(
            name, asked.given[name], f"What is asked of it. {pages}" if name == "url" else "What is asked"
        )


def _why(ready: ReadyApp) -> str:
    left = f"; left out: {'; '.join(ready.missing)}" if ready.missing else ""
    return f"Servers for use in production that this Python can have{left}"
