"""An application is tried in one process of its own interpreter, before any server starts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.model.preflight import Preflight, Trouble
from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.preflight.hiding import secrets_of
from bench.preflight.inside import Inside, Said, Within
from bench.preflight.reading import Reader
from bench.preflight.restoring import binds, restore
from bench.preflight.survey import differences, survey
from bench.preflight.visitor import Visitor

LIMIT_S = 30.0
"""How long an import may take."""
_REQUESTS_AT_MOST = 50


def preflight(
    project: Project,
    scenario: AskedScenario,
    environment: Mapping[str, str],
    *,
    timeout_s: float = 10.0,
    limit_s: float = LIMIT_S,
    within: Within | None = None,
) -> Preflight:
    """Import the application once, send it the scenario's requests, and put back the files that it changed.

    Args:
        environment: all variables of the application. Their values are in nothing that is returned.
        timeout_s: how long one request may take.
        within: the container that it is in; what it changes there goes with that.
    """
    secrets = secrets_of(project, scenario, environment)
    reader = Reader(project.root, secrets)
    before = {} if within else survey(project.root)
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-preflight-") as folder:
        scratch = Path(folder)
        try:
            with Inside(project, environment, scratch, limit_s, within) as inside:
                seen = _seen(project, scenario, inside, reader, timeout_s)
            seen = replace(seen, printed=inside.printed, binds=binds(scratch))
        except OSError as error:
            trouble = Trouble("no-python", f"{project.python}: {error.strerror}")
            return Preflight(project.callable, trouble=trouble)
        finally:
            left = restore(scratch)
    unseen = dict.fromkeys(
        differences(before, {} if within else survey(project.root)),
        "it isn't its Python code that changed it",
    )
    reasons = {**unseen, **left}
    return replace(seen, left_changed=tuple(f"{reader.place(path)}: {why}" for path, why in reasons.items()))


def _seen(
    project: Project, scenario: AskedScenario, inside: Inside, reader: Reader, timeout_s: float
) -> Preflight:
    about, loaded = inside.load()
    seen = Preflight(
        callable=loaded.get("callable", project.callable),
        python=about.get("python", ""),
        implementation=about.get("implementation", ""),
        frameworks=tuple((str(name), str(version)) for name, version in loaded.get("frameworks", ())),
        import_s=loaded.get("import_s", 0.0),
        hosts=tuple(map(str, loaded.get("hosts", ()))),
        written=reader.places(loaded.get("written", ())),
    )
    if loaded.get("kind"):
        return replace(seen, trouble=_trouble(loaded, inside, reader))
    visitor = Visitor(inside, scenario, reader, timeout_s)
    login = list(visitor.log_in())
    asked = sorted(scenario.requests, key=lambda request: -request.weight)[:_REQUESTS_AT_MOST]
    chosen = [request for request in scenario.requests if request in asked]
    answered = list(visitor.visit(chosen))
    answered = list(visitor.explained(answered))
    heard = [loaded, *visitor.heard]
    return replace(
        seen,
        trouble=_trouble(visitor.over, inside, reader) if visitor.over else None,
        login=tuple(login),
        answered=tuple(answered),
        unasked=len(scenario.requests) - len(chosen),
        databases=reader.places(heard[-1]["databases"]),
        threads=tuple(heard[-1]["threads"]),
        connects=_heard(heard, "connects"),
        processes=_heard(heard, "processes"),
    )


def _trouble(said: Said, inside: Inside, reader: Reader) -> Trouble:
    return reader.trouble(said, inside.stack() if said["kind"] == "blocked" else "", inside.output())


def _heard(said: Iterable[Said], what: str) -> tuple[str, ...]:
    every: list[Any] = [value for each in said for value in each.get(what, ())]
    return tuple(dict.fromkeys(map(str, every)))
