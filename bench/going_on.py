"""The command that continues a run that was broken off, as it works from wherever it is typed."""

from __future__ import annotations

import ipaddress
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.model import Environment, Plan

URL_VARIABLE = "URL"


def resume_command(directory: Path | str, plan: Plan, environment: Environment | None = None) -> str:
    """The whole command line, with what the user has to name again and the variables that the run had.

    Args:
        directory: of the result, as the user can name it; a relative one is told from the current folder.
    """
    words = ["wsgi-bench", "resume", str(Path(directory).absolute()), *named_again(plan)]
    return " ".join([*variables(environment), shlex.join(words)])


def variables(environment: Environment | None) -> Iterator[str]:
    """What a shell has to set before the command, so that the same is measured: `NAME=VALUE`."""
    measured = environment.measured if environment is not None else None
    if measured is None:
        return
    found = dict(measured.compose)
    if measured.search:
        found["PYTHONPATH"] = os.pathsep.join(measured.search)
    yield from (f"{name}={shlex.quote(value)}" for name, value in sorted(found.items()))


def named_again(plan: Plan) -> Iterator[str]:
    """The options that name what stands in the result alone, and in no file of the checkout.

    A result may be a stranger's. What it names is loaded, started or asked only if the user names it, too.
    """
    for app in dict.fromkeys(deployment.app for deployment in plan.deployments):
        if is_by_callable(app.name, app.callable):
            yield from ("--app", app.callable)
    if plan.runtime == "external":
        targets = {d.server.name: d.server.environment.get(URL_VARIABLE, "") for d in plan.deployments}
        for name, url in targets.items():
            if not is_loopback(url):
                yield from ("--target", f"{name}={url}")
    if plan.against is not None:
        yield from ("--against", plan.against.compose_file or plan.against.commit or plan.against.asked)


def is_by_callable(name: str, target: str) -> bool:
    """Whether an app is in no list, but was named as `module:callable`."""
    return ":" in target and name == target.replace(":", ".")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine itself whatever a resolver says."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
