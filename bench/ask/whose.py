"""Whose application a run measures, and which settings go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.ask.settings import flag
from bench.ask.settings.project import PROJECT
from bench.catalogue.home import inside
from bench.catalogue.registry import APPS_FILE, load_apps
from bench.report.units import listed

_DEPLOYING = ("runtime", "app", "redis")


def is_own(asked: Mapping[str, Any], root: Path, here: Path) -> bool:
    """Whether a run measures an application of the folder that the command is given in."""
    elsewhere = asked["app"] is not None and not asked["target"] and not inside(here, root)
    return elsewhere and asked["app"] not in load_apps(root / APPS_FILE)


def wrong_scenarios(names: Sequence[str], here: Path) -> Iterator[str]:
    """A sentence where scenarios are named for an application of the user's own."""
    if names:
        is_file = names[0].endswith(".toml") and (here / names[0]).is_file()
        meant = f" Did you mean --scenario {names[0]}?" if is_file else ""
        yield (
            f"--scenarios {','.join(names)}: those are the requests of wsgi-bench's own applications. Yours "
            f"is asked by --url, --scenario FILE, --from-access-log, --har or --locustfile.{meant}"
        )


def of_nobody(given: Mapping[str, Any], root: Path, here: Path) -> Iterator[str]:
    """What to say before a run that measures no application of the user's own."""
    if void := [flag(row.name) for row in PROJECT if given.get(row.name)]:
        yield f"{listed(void)}: for an application of your own, which this run has none of"
    if given.get("target") and (
        idle := [flag(name) for name in _DEPLOYING if given.get(name, "auto") != "auto"]
    ):
        yield f"{listed(idle)}: for servers that are deployed, which this run has none of"
    if not ("app" in given or given.get("target") or inside(here, root)):
        yield (
            "no application was named, so one of wsgi-bench's own is measured; `wsgi-bench try` measures the "
            "one of this folder"
        )
