"""The command line by which a run can be asked for again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from bench.ask.settings import options_of
from bench.model import Environment, Plan, Suite


def repeat_command(suite: Suite) -> str:
    """The command line that plans the same run, with the environment that it needs."""
    plan = suite.plan
    settings = {**plan.given, **_pinned(plan)} if plan.given else _derived(suite)
    return " ".join([*shell_variables(suite.environment), "wsgi-bench run", shlex.join(options_of(settings))])


def shell_variables(environment: Environment) -> Iterator[str]:
    """What a shell has to set before the command, so that the same is measured: `NAME=VALUE`, quoted."""
    measured = environment.measured
    if measured is None:
        return
    variables = dict(measured.compose)
    if measured.search:
        variables["PYTHONPATH"] = os.pathsep.join(measured.search)
    yield from (f"{name}={shlex.quote(value)}" for name, value in sorted(variables.items()))


def _pinned(plan: Plan) -> Mapping[str, Any]:
    """The old version by its commit: a branch moves on."""
    if plan.against is None:
        return {}
    return {"against": plan.against.compose_file or plan.against.commit or plan.against.asked}


def _derived(suite: Suite) -> Mapping[str, Any]:
    """What can be told from the plan of a result that was written before settings were saved."""
    plan = suite.plan
    own = [deployment for deployment in plan.deployments if deployment.variant.kind.ranked]
    settings: dict[str, Any] = {"profile": plan.profile}
    if plan.runtime == "external":
        settings["target"] = tuple(f"{d.server.name}={d.server.environment.get('URL', 'URL')}" for d in own)
    else:
        settings |= {"runtime": plan.runtime, "servers": tuple(dict.fromkeys(d.server.name for d in own))}
        apps = list({d.app.name: d.app for d in own}.values())
        if len(apps) == 1:
            # Several are what a run without --app chooses by its scenarios.
            [app] = apps
            listed = app.name != app.callable.replace(":", ".")
            settings["app"] = app.name if listed else app.callable
    settings["scenarios"] = tuple(dict.fromkeys(case.scenario for case in plan.cases))
    if len({case.load.at_once for case in plan.cases if case.load.waits}) == 1:
        settings["users"] = plan.users
    settings |= {"rounds": plan.rounds, "blocks": plan.blocks, "seed": plan.seed}
    if plan.rate is not None:
        settings["rate"] = plan.rate
    if plan.cases and all(case.load.connection == "close" for case in plan.cases):
        settings["connection"] = "close"
    if plan.processes != len(suite.environment.cpu_split.generator):
        settings["processes"] = plan.processes
    if plan.client != "loop":
        settings["client"] = plan.client
    return {**settings, **_pinned(plan), **({"fail_if": plan.fail_if} if plan.fail_if else {})}
