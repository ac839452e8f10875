"""Which applications are measured, each with the scenarios that it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.ask.targets import EXTERNAL, FITTING
from bench.ask.words import check_word, hint
from bench.catalogue.registry import APPS_FILE, app_from_callable, load_apps
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.request import Scenario
from bench.model import App
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.plan.layout import Profile

DEFAULT_APP = "shortly"


def catalogued(
    given: Mapping[str, Any], profile: Profile, root: Path, own: Scenario | None, problems: Problems
) -> tuple[tuple[App, Scenario], ...]:
    """The catalogue's application, or one in a file, with its scenarios.

    Args:
        own: what is asked instead of the catalogue's scenarios; None for these.
        problems: told what is unknown, and what doesn't fit.
    """
    app = None
    apps: Mapping[str, App] = {}
    with problems.collected():
        apps = load_apps(root / APPS_FILE)
        app = _app(given.get("app", DEFAULT_APP), apps)
    names = given.get("scenarios", ())
    for name in names:
        with problems.collected():
            check_word("scenario", name, SCENARIOS)
    if app is None:
        return ()
    if own is not None:
        return ((app, own),)
    if not names:
        fitting = [name for name in profile.scenarios if name in app.scenarios]
        names = fitting or app.scenarios[:1]
        if "app" not in given:
            names = profile.scenarios
    combinations: list[tuple[App, Scenario]] = []
    for name in dict.fromkeys(names):
        fits = app if name in app.scenarios else None
        if fits is None and "app" not in given:
            fits = next((other for other in apps.values() if name in other.scenarios), None)
        if fits is not None:
            combinations.append((fits, SCENARIOS[name]))
        elif name in SCENARIOS:
            problems.note(
                f"scenario {name!r} does not fit app {app.name!r}, which has: {', '.join(app.scenarios)}."
            )
    return tuple(combinations)


def _app(name: str, apps: Mapping[str, App]) -> App:
    if name in apps:
        return apps[name]
    if ":" in name or name.endswith(".py"):
        return app_from_callable(name)
    raise UsageError(
        f"there is no app {name!r}{hint(name, apps)}. Known are {', '.join(apps)}; any other is named "
        f"module:callable."
    )


def for_targets(names: Sequence[str], problems: Problems) -> tuple[tuple[App, Scenario], ...]:
    """What is asked of servers that run already; problems are told what these can't be."""
    for name in names:
        if name in SCENARIOS and name not in FITTING:
            problems.note(
                f"scenario {name!r} needs stored links, which --target does not write. "
                f"Use one of: {', '.join(FITTING)}."
            )
        else:
            with problems.collected():
                check_word("scenario", name, SCENARIOS)
    return tuple((EXTERNAL, SCENARIOS[name]) for name in names or ("get",) if name in FITTING)
