"""The command line by which a run can be asked for again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from bench.model import Plan, Suite

_REPEATED = frozenset({"target", "fail_if"})


def repeat_command(suite: Suite) -> str:
    """The command line that plans the same run, with the environment that it needs."""
    plan, measured = suite.plan, suite.environment.measured
    variables = dict(measured.compose) if measured else {}
    if measured and measured.search:
        variables["PYTHONPATH"] = os.pathsep.join(measured.search)
    settings = {**plan.given, **_pinned(plan)} if plan.given else _derived(suite)
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return " ".join([*words, "wsgi-bench run", shlex.join(_options(settings))])


def _options(settings: Mapping[str, Any]) -> Iterator[str]:
    """Each setting as its option: whatever is added to `bench.ask.given.NAMES` needs nothing here."""
    for name, value in settings.items():
        option = f"--{name.replace('_', '-')}"
        if name in _REPEATED:
            yield from (word for item in value for word in (option, item))
        else:
            yield from (option, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _pinned(plan: Plan) -> Mapping[str, Any]:
    """The old version by its commit: a branch moves on."""
    if plan.against is None:
        return {}
    return {"against": plan.against.compose_file or plan.against.commit or plan.against.asked}


def _derived(suite: Suite) -> Mapping[str, Any]:
    """What can be told from the plan of a result that was written before settings were saved."""
    plan = suite.plan
    own = [deployment for deployment in plan.deployments if not (deployment.twin or deployment.old)]
    found: dict[str, Any] = {"profile": plan.profile}
    if plan.runtime == "external":
        found["target"] = tuple(f"{d.server.name}={d.server.environment.get('URL', 'URL')}" for d in own)
    else:
        found |= {"runtime": plan.runtime, "servers": tuple(dict.fromkeys(d.server.name for d in own))}
        apps = list(dict.fromkeys(d.app for d in own))
        if len(apps) == 1:
            # Several are what a run without --app chooses by its scenarios.
            [app] = apps
            listed = app.name != app.callable.replace(":", ".")
            found["app"] = app.name if listed else app.callable
    found["scenarios"] = tuple(dict.fromkeys(case.scenario for case in plan.cases))
    if len({case.load.at_once for case in plan.cases if case.load.waits}) == 1:
        found["users"] = plan.users
    found |= {"rounds": plan.rounds, "blocks": plan.blocks, "seed": plan.seed}
    if plan.rate is not None:
        found["rate"] = plan.rate
    if plan.cases and all(case.load.connection == "close" for case in plan.cases):
        found["connection"] = "close"
    if plan.processes != len(suite.environment.cpu_split.generator):
        found["processes"] = plan.processes
    if plan.client != "loop":
        found["client"] = plan.client
    return {**found, **_pinned(plan), **({"fail_if": plan.fail_if} if plan.fail_if else {})}
