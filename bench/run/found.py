"""What `wsgi-bench init` writes: the settings of a project, as they were found, with the reasons."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.ask.initfile import Chosen
from bench.ask.ownapp import OwnApp
from bench.ask.resolution import Settings
from bench.ask.settings import flag
from bench.ask.settings.locust import LOCUST
from bench.ask.settings.requests import REQUESTS
from bench.model.secrets import HIDDEN
from bench.preflight.page import said
from bench.run.ready import ReadyApp


def _explained(asked: Settings, own: OwnApp, ready: ReadyApp, here: Path) -> Iterator[Chosen]:
    """What was found, and what is known of why it was given."""
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
        ("runtime", "In containers, or as child processes"),
        ("image", "What its containers are made from"),
        ("dockerfile", "What builds the image of its containers"),
        ("pass_env", "Variables of your shell that its containers get"),
        ("services", "What it needs"),
    ):
        if name in asked.given:
            yield Chosen(name, asked.given[name], why)
    if names := [text.partition("=")[0] for text in asked.given.get("env", ())]:
        yield Chosen("env", names, "Variables that it needs; their values come from your shell")
    if names := [server.name for server in ready.servers if not server.own and not server.service]:
        yield Chosen("servers", names, _why(ready))
    if lines := list(asked.given.get("server", ())):
        yield Chosen("server", lines, "Your own server lines")
    if "baseline" in asked.given:
        yield Chosen("baseline", asked.given["baseline"], "What all else is compared with")
    if "minutes" in asked.given:
        yield Chosen("minutes", asked.given["minutes"], "What a run may take")
    pages = "; ".join(f"{each.request}: {said(each).replace('   ', ', ')}" for each in ready.seen.answered)
    for name in (row.name for row in (*REQUESTS, *LOCUST) if row.name in asked.given):
        why = f"What is asked of it. {pages}" if name == "url" else "What is asked"
        yield _without_secrets(Chosen(name, asked.given[name], why))


def chosen(
    asked: Settings, own: OwnApp, ready: ReadyApp, here: Path, flags: Mapping[str, Any]
) -> Iterator[Chosen]:
    """The settings for the project's file: what was found, and what its user gave.

    Args:
        flags: the values of options; None or empty where one wasn't given.
    """
    written = {"app", "servers"}
    for setting in _explained(asked, own, ready, here):
        written.add(setting.name)
        # A list without anything in it would be refused when it is read.
        if setting.value not in ([], ()):
            yield setting
    for name, value in asked.given.items():
        if flags.get(name) and name not in written and value not in ([], ()):
            yield _without_secrets(Chosen(name, value, "As it was asked"))


def _without_secrets(chosen: Chosen) -> Chosen:
    """A setting without what isn't shown, which would be asked as it is shown."""
    if not isinstance(chosen.value, tuple):
        return chosen
    open_to_all = [text for text in chosen.value if not text.endswith(HIDDEN)]
    if len(open_to_all) == len(chosen.value):
        return chosen
    left_out = f"what may be a secret is left out: give it with {flag(chosen.name)}"
    return Chosen(chosen.name, open_to_all, f"{chosen.why}; {left_out}")


def _why(ready: ReadyApp) -> str:
    left = f"; left out: {'; '.join(ready.missing)}" if ready.missing else ""
    return f"Servers for use in production that this Python can have{left}"
