"""A user's application made ready for containers: its image is had and tried, with servers laid over it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.ask.ownapp import OwnApp
from bench.catalogue import requirements
from bench.catalogue.home import HOME
from bench.catalogue.ownline import placeholders_of
from bench.deploy import images, ownership, projectimage
from bench.deploy.contained import Contained
from bench.deploy.engine import Engine, find_engine
from bench.deploy.imagepython import UsersImage, read_image
from bench.deploy.onebox import Box, new_name
from bench.deploy.outside import Outside
from bench.deploy.overlay import lay_over
from bench.deploy.program import program
from bench.deploy.services import networks, services
from bench.machine.interrupt import shield
from bench.model import Server
from bench.model.errors import BenchError, StoreError, UsageError
from bench.model.preflight import Preflight
from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.preflight import preflight
from bench.preflight.hiding import secrets_of
from bench.preflight.inside import Within
from bench.preflight.page import block, rows
from bench.preflight.refusals import notes, refusals, unable
from bench.run.readyapp import ReadyApp, proxied, seconds_per_request

Say = Callable[[str], None]
_CHILD = f"{projectimage.OURS}/preflight/main.py"
_MEMORY_BYTES = 512 << 20


@contextmanager
def made_contained(
    own: OwnApp, servers: Sequence[Server], scenario: AskedScenario, show: Say, say: Say
) -> Iterator[ReadyApp]:
    """Have its image, lay the servers over it, have that import and answer once; as `made_ready` does with
    child processes.

    Raises:
        UsageError: there is no such image, nothing in it can serve, or it doesn't answer as it should.
        EngineError: no Docker engine answers.
    """
    engine = find_engine()
    ownership.clean(engine)
    run_id = secrets.token_hex(4)
    labels, name = ownership.labels(run_id), f"wsgi-bench/application:{run_id}"
    with ExitStack() as stack:
        stack.callback(_remove, engine, run_id, say)
        theirs = _image(engine, own, f"{name}-theirs", labels, say)
        had, missing, contained, project = _laid_over(engine, own, theirs, servers, name, labels, say)
        joined: tuple[str, ...] = ()
        if own.services is not None:
            brought = f"wsgi-bench-services-{os.getpid()}"
            stack.enter_context(services(own.services, brought, own.shell, say))
            joined = networks(engine, brought)
        given = {variable: own.shell[variable] for variable in own.variables}
        network = next(iter(joined), "none")
        box = Box(engine, name, theirs.folder, given, labels, network, own.memory_bytes or _MEMORY_BYTES)
        if own.setup:
            say(f"--setup: {own.setup}")
            if failed := box.run(own.setup, kept_as=f"{name}-prepared"):
                raise UsageError(f"--setup {own.setup!r} failed in a container:\n{failed}")
            box = replace(box, image=f"{name}-prepared")
        seen, writable = _looked_at(box, project, scenario)
        if seen.trouble is None:
            python = f"{theirs.called}: {theirs.interpreter.python}"
            show(block(rows(seen, python, own.found.origin, traffic=scenario.source)))
        if reasons := refusals(seen, scenario):
            raise UsageError(
                *(f"{reason}." for reason in reasons),
                f"That was in a container, in its {theirs.folder}, as {theirs.user or 'root'}: what that "
                f"user may not read isn't there, and of your shell's variables only those of --env, "
                f"--env-file and --pass-env.",
            )
        problems = unable(seen, had)
        missing += tuple(f"{server}: {problem}" for server, problem in problems.items())
        if not (had := tuple(server for server in had if server.name not in problems)):
            raise UsageError(*missing)

        def reset() -> None:
            if own.reset and (failed := box.run(own.reset)):
                raise StoreError(f"--reset {own.reset!r} failed in a container:\n{failed}")

        project = replace(
            project,
            callable=seen.callable,
            proxied=proxied(scenario),
            versions={**dict(seen.frameworks), **project.versions},
        )
        contained = replace(contained, image=box.image, writable=writable, networks=joined)
        yield ReadyApp(
            app=own.as_app(project),
            interpreter=theirs.interpreter,
            seen=seen,
            servers=had,
            missing=missing,
            notes=(
                *_loosened(theirs, contained),
                *notes(seen, scenario, restored=own.restores or own.services is None),
            ),
            outside=Outside(own.shell, reset, secrets_of(project, scenario, given).hide, contained),
            seconds_per_request=seconds_per_request(seen, scenario),
        )


def _image(engine: Engine, own: OwnApp, name: str, labels: Mapping[str, str], say: Say) -> UsersImage:
    """The image of the application, without anything of ours."""
    if own.image:
        return read_image(engine, own.image, own.python, pulls=True)
    if own.dockerfile is not None:
        projectimage.of_dockerfile(engine, own.dockerfile, name, labels, say)
        return read_image(engine, name, own.python, called=str(own.dockerfile))
    if own.python:
        raise UsageError(
            f"--python {own.python} is of this machine, and containers have our image's: give an image of "
            f"your own (--image, --dockerfile), or leave it out."
        )
    listed = own.requirements
    needs = requirements.read_file(listed) if listed else requirements.find(own.folder)
    base = images.base_images(engine, HOME, ["PYTHON_IMAGE"], say)["PYTHON_IMAGE"]
    interpreter = read_image(engine, base, None).interpreter
    projectimage.of_project(engine, own.folder, needs, base, interpreter, name, labels, own.shell, say)
    made = read_image(engine, name, None, called="our image")
    return replace(made, folder=str(Path(made.folder, os.path.relpath(own.found.root, own.folder))))


def _laid_over(
    engine: Engine,
    own: OwnApp,
    theirs: UsersImage,
    servers: Sequence[Server],
    name: str,
    labels: Mapping[str, str],
    say: Say,
) -> tuple[tuple[Server, ...], tuple[str, ...], Contained, Project]:
    """The servers that can be had and why the others can't, what they are deployed from, and the project."""
    if sockets := [s.name for s in servers if s.own and "socket" in placeholders_of(s.command)]:
        raise UsageError(f"--server: {sockets[0]} has a {{socket}}, which no container shares. Use {{bind}}.")
    overlays = lay_over(theirs.interpreter, servers, say, own.shell, own.folder)
    had = tuple(server for server in servers if not overlays[server.name].problem)
    missing = tuple(f"{server}: {overlay.problem}" for server, overlay in overlays.items() if overlay.problem)
    if not had:
        raise UsageError(*missing)
    folders = projectimage.laid_over(
        engine, theirs.name, theirs.interpreter, {s.name: overlays[s.name] for s in had}, name, labels, say
    )
    project = Project(
        theirs.folder,
        theirs.interpreter.python,
        own.found.callable,
        theirs.interpreter.name,
        starts={server.name: program(server.command[0], theirs.interpreter) for server in had},
        versions={s.package: overlays[s.name].version for s in had if overlays[s.name].version},
        variables=own.variables,
        image=own.image or (own.dockerfile.name if own.dockerfile else "ours"),
    )
    return (
        had,
        missing,
        Contained(name, path=theirs.variables.get("PYTHONPATH", ""), folders=folders),
        project,
    )


def _looked_at(box: Box, project: Project, scenario: AskedScenario) -> tuple[Preflight, bool]:
    """What a first look saw, and whether its file system has to be writable for that."""
    for read_only in (True, False):
        name = new_name()
        command = box.command(name, (project.python, _CHILD), "--interactive", read_only=read_only)
        within = Within(tuple(command), box.environment(), partial(box.remove, name))
        seen = preflight(project, scenario, box.variables, within=within)
        if read_only and not refusals(seen, scenario):
            return seen, False
    return seen, True


def _loosened(theirs: UsersImage, contained: Contained) -> Iterator[str]:
    """A sentence for each thing in which the containers are less confined than those of our own images."""
    if not theirs.user:
        yield "Its containers run as root, since the image names no USER"
    if contained.writable:
        yield "Its containers' file system can be written, since the application needs that"
    if contained.networks:
        yield f"Its containers are on the network of --services ({', '.join(contained.networks)})"
    if theirs.entrypoint:
        yield f"The image's ENTRYPOINT isn't run ({' '.join(theirs.entrypoint)[:80]})"


def _remove(engine: Engine, run_id: str, say: Say) -> None:
    with shield():
        try:
            ownership.remove_run(engine, run_id)
        except BenchError as error:
            say(f"not everything could be removed ({error}); `wsgi-bench clean` does it later")
