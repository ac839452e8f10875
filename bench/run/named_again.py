"""What is named again where a run goes on, since the result alone has it, which may be a stranger's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.ask.settings import options_of
from bench.ask.settings.project import PROJECT
from bench.catalogue import consent, origin
from bench.deploy.external import urls
from bench.deploy.outside import OF_THE_HARNESS, Outside
from bench.model import App, Plan
from bench.model.resume_command import resume_command
from bench.model.scenario import AskedScenario
from bench.run.stored_asks import asked_again


@dataclass(frozen=True)
class Named:
    """What the user names again on the command line, since no file of the checkout has it.

    Attributes:
        app: `module:callable`.
        against: the old version: a commit, a folder or a compose file.
        servers: lines and files of servers, as `--server` takes them.
        beyond: whether its targets may be other machines. Who began the run said so for themselves alone.
        asks: the scenario of the user's own requests.
        own: the application of the user's own project, as it is now.
        outside: what applications find around them.
        locustfile: the file whose users make the load.
        bind, secret: where generators of other hosts find this one, and by which they are known.
        redis: the one of another host, which is emptied.
    """

    app: str | None = None
    against: str | None = None
    beyond: bool = False
    asks: AskedScenario | None = None
    servers: tuple[str, ...] = ()
    own: App | None = None
    outside: Outside = OF_THE_HARNESS
    locustfile: str | None = None
    bind: str | None = None
    redis: str | None = None
    secret: str = ""


NOTHING = Named()


def named_again(plan: Plan) -> Iterator[str]:
    """The options by which the user names what stands in the result alone, and in no file of the checkout."""
    for app in {d.app.name: d.app for d in plan.deployments}.values():
        if app.project is not None or is_by_callable(app):
            yield from ("--app", app.callable)
    yield from options_of({row.name: plan.given[row.name] for row in PROJECT if row.name in plan.given})
    if plan.against is not None:
        yield from ("--against", plan.against.compose_file or plan.against.commit or plan.against.asked)
    if plan.locust is not None:
        yield from ("--locustfile", plan.locust.name)
    if context := plan.given.get("docker_context"):
        yield from ("--docker-context", str(context))
    if plan.generators is not None:
        yield from ("--bind", f"{plan.generators.host}:{plan.generators.port}")
    if plan.redis is not None:
        yield from ("--redis", plan.redis)
    lines = plan.given.get("server")
    for spec in lines if isinstance(lines, list | tuple) else ():
        yield from ("--server", str(spec))
    if any(_may_lead_beyond(url) for url in urls(plan).values()):
        yield consent.FLAG
    yield from asked_again(plan)


def is_by_callable(app: App) -> bool:
    """Whether an app is in no list, but was named as `module:callable`."""
    return ":" in app.callable and app.name == app.callable.replace(":", ".")


def _may_lead_beyond(url: str) -> bool:
    """Whether it isn't clear from the URL alone that it leads to this machine itself."""
    if origin.socket_path(url):
        return False
    try:
        host = origin.host_of(url)
        return host != "localhost" and bool(consent.beyond([host]))
    except ValueError:
        return True


def unnamed(directory: Path, plan: Plan, what: str) -> str:
    command = resume_command(directory, named_again(plan))
    return (
        f"{directory} names {what}, which is in no file of this checkout. A result may be a stranger's, so "
        f"that is used only if you name it, too: `{command}`. Do so if it is yours, or "
        f"start a new run."
    )
