"""The verbs that measure: `run` and `resume`. No logic: each reads as what it does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from bench.analysis.compare.limits import judge_plan
from bench.ask import initfile, resolution
from bench.ask.generators import take_secret
from bench.ask.locust import said
from bench.ask.old_version import require_packages
from bench.ask.own import own_scenario
from bench.ask.precedence import read_flags
from bench.ask.settings import SETTINGS
from bench.catalogue.home import HOME
from bench.catalogue.scenarios.request import Scenario
from bench.cli import complete, listing
from bench.cli.options import beyond, dry_run_option, own_options, resume_options, run_options
from bench.cli.say import columns, say
from bench.deploy.engine import use_context
from bench.deploy.external import target_server
from bench.deploy.outside import OF_THE_HARNESS
from bench.deploy.select import choose_runtime, place_of
from bench.live.progress import Reporter
from bench.machine.environment import split_cpus
from bench.model import App, CpuSplit, Plan, Server
from bench.model.errors import EXIT_WORDS, MachineError, UsageError
from bench.model.scenario import AskedScenario
from bench.plan.layout import make_plan
from bench.plan.pages import for_pages
from bench.preflight.page import block, planned_row
from bench.report import FORMATS
from bench.report.text import render as render_text
from bench.report.words import problem_lines
from bench.run import found
from bench.run.driverstart import driver_start
from bench.run.named_again import Named
from bench.run.own_again import own_again
from bench.run.ready import made_ready
from bench.run.results import require_place, result_directory, result_path
from bench.run.session import Outcome, measure
from bench.run.session import resume as resume_run
from bench.run.stored_plan import require_context
from bench.store import RESULT, load

ROOT = HOME

application_argument = click.argument(
    "application", metavar="[APP]", required=False, shell_complete=complete.offered(SETTINGS["app"])
)
_measuring = (
    beyond,
    dry_run_option,
    click.option("--json", "as_json", is_flag=True, help="Print the derived result as JSON."),
    click.option("--quiet", is_flag=True, help="Say nothing on standard error but problems."),
    click.pass_context,
)


def _measuring_verb(command: Callable[..., Any], options: Callable[[Any], Any]) -> click.Command:
    for part in reversed((application_argument, options, *_measuring)):
        command = part(command)
    return click.command()(command)


@partial(_measuring_verb, options=run_options)
def run(context: click.Context, /, **words: Any) -> None:
    """Measure and compare; the report's path is the last thing said."""
    _run(context, **words)


@partial(_measuring_verb, options=own_options)
def try_(context: click.Context, /, **words: Any) -> None:
    """Measure your own application, found in this folder or named, within ten minutes."""
    _run(context, own=True, **words)


try_.name = "try"


@click.command()
@application_argument
@own_options
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but problems.")
def init(application: str | None, quiet: bool, **flags: Any) -> None:
    """Write what `try` finds of your application into this folder's configuration, with the reasons."""
    path = initfile.place(Path.cwd())
    flags["app"] = flags["app"] if application is None else application
    asked = resolution.resolve(flags, ROOT, own=True)
    if asked.own is None:
        raise UsageError("`init` finds an application to deploy; a --target runs already.")
    with Reporter(quiet=quiet) as reporter:
        asks = _asks(asked.combinations)
        with made_ready(asked.own, asked.servers, asks, reporter.show_text, reporter.phase) as ready:
            for line in ready.notes:
                reporter.notice(line)
    initfile.write(path, found.chosen(asked, asked.own, ready, Path.cwd(), flags))
    say(f"{path}: `wsgi-bench run` and `wsgi-bench try` use it from now on.", sys.stdout)


def _run(
    context: click.Context,
    /,
    application: str | None,
    beyond: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    own: bool = False,
    **flags: Any,
) -> None:
    if application and flags["app"]:
        raise UsageError(f"{application} and --app {flags['app']}: one of them is enough.")
    if own and flags["target"]:
        raise UsageError("`try` deploys your application; servers that run already are measured by `run`.")
    flags["app"] = flags["app"] if application is None else application
    asked = resolution.resolve(flags, ROOT, beyond=beyond, own=own, secret=take_secret())
    if not dry_run:
        require_place(ROOT, asked.out)
    outcome, ready, outside = None, None, OF_THE_HARNESS
    with Reporter(quiet=quiet) as reporter, ExitStack() as stack:
        for sentence in filter(None, (*asked.told, asked.runtime_reason)):
            reporter.notice(sentence)
        if asked.docker_context:
            use_context(asked.docker_context)
        runtime = choose_runtime(asked.runtime, reporter.notice)
        place = stack.enter_context(place_of(runtime, ROOT, reporter.phase, starts=not dry_run))
        cpus = split_cpus(place, server=asked.server_cpus, elsewhere=asked.generators is not None)
        asked = resolution.on_cpus(asked, cpus)
        require_packages(asked.old, runtime)
        if asked.old and asked.old.missing:
            reporter.notice(f"not compared: {', '.join(asked.old.missing)}, which OLD doesn't have")
        for sentence in said(asked.locust.file) if asked.locust else ():
            reporter.notice(sentence)
        servers = asked.servers or tuple(target_server(n, url) for n, url in asked.targets.items())
        combinations = asked.combinations
        if asked.own:
            ready = stack.enter_context(
                made_ready(asked.own, servers, _asks(combinations), reporter.show_text, reporter.phase)
            )
            for line in (*ready.notes, *(f"left out: {line}" for line in ready.missing)):
                reporter.notice(line)
            servers, outside = ready.servers, ready.outside
            combinations = tuple((ready.app, scenario) for _, scenario in combinations)
        plan = _plan(asked, runtime, servers, combinations, cpus)
        # The run plans for pages itself, by what its first probes see.
        shown = plan if ready is None else for_pages(plan, ready.seconds_per_request)
        if ready is not None:
            reporter.show_text(block([planned_row(shown)]))
        if not dry_run:
            directory = stack.enter_context(result_directory(ROOT, asked.out))
            told = ready.notes if ready else ()
            outcome = measure(
                plan,
                ROOT,
                directory,
                reporter,
                addresses=asked.addresses,
                driver=driver_start(asked.locust.arguments if asked.locust else (), asked.generators),
                outside=outside,
                told=told,
                place=place,
            )
    if outcome is None:
        click.echo(listing.plan(shown, asked.old.missing if asked.old else (), columns(sys.stdout)))
        return
    _finish(context, outcome, as_json=as_json, quiet=quiet)


@click.command()
@click.argument("result", type=click.Path(path_type=Path), shell_complete=complete.results)
@resume_options
@click.option("--json", "as_json", is_flag=True, help="Print the derived result as JSON.")
@beyond
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but problems.")
@click.pass_context
def resume(
    context: click.Context,
    /,
    result: Path,
    app: str | None,
    against: str | None,
    bind: str | None,
    redis: str | None,
    locustfile: str | None,
    server: tuple[str, ...],
    docker_context: str | None,
    beyond: bool,
    as_json: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Continue an interrupted run; `wsgi-bench list results` names those there are.

    What a run is measured with is taken from this checkout. What is in no file of it has to be named again,
    since a result may be a stranger's.
    """
    directory = result_path(result)
    require_context(directory, load(directory).plan, docker_context)
    if docker_context:
        use_context(docker_context)
    with Reporter(quiet=quiet) as reporter, ExitStack() as stack:
        given = {**flags, "app": app, "server": server}
        own = stack.enter_context(
            own_again(load(directory).plan, given, ROOT, reporter.show_text, reporter.phase)
        )
        asks = own.asks if own else own_scenario(read_flags(flags))
        named = Named(
            app,
            against,
            beyond,
            asks,
            server,
            locustfile=locustfile,
            bind=bind,
            redis=redis,
            secret=take_secret(),
        )
        if own:
            named = replace(named, own=own.app, outside=own.outside)
        outcome = resume_run(directory, ROOT, reporter, named)
    _finish(context, outcome, as_json=as_json, quiet=quiet)


def _asks(combinations: Sequence[tuple[App, Scenario]]) -> AskedScenario | None:
    """What is asked of the user's own application; None where a locust file says it."""
    [(_, scenario)] = combinations
    return scenario.asked


def _plan(
    asked: resolution.Settings,
    runtime: str,
    servers: Sequence[Server],
    combinations: Sequence[tuple[App, Scenario]],
    cpus: CpuSplit,
) -> Plan:
    return make_plan(
        asked.profile,
        runtime,
        servers,
        combinations,
        baseline=asked.baseline,
        seed=asked.seed,
        rate=asked.rate,
        processes=_processes(asked, cpus),
        client=asked.client,
        against=asked.old.against if asked.old else None,
        old_servers=asked.old.servers if asked.old else (),
        fail_if=asked.fail_if,
        minutes=asked.minutes,
        until=asked.until,
        most_rounds=asked.given.get("rounds"),
        adapts=asked.adapts,
        timeout_s=asked.timeout_s,
        priority=asked.priority,
        server_cpus=asked.server_cpus,
        limits=asked.limits,
        given=asked.given,
        locust=asked.locust.file if asked.locust else None,
        generators=asked.generators.of_plan if asked.generators else None,
        redis=asked.redis,
    )


def _processes(asked: resolution.Settings, cpus: CpuSplit) -> int:
    """Of this host's own load generator."""
    if asked.generators is not None:
        return 1
    return asked.processes or len(cpus.generator)


def _finish(context: click.Context, outcome: Outcome, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        text = FORMATS["json"](outcome.suite, outcome.analysis)
    else:
        text = render_text(outcome.suite, outcome.analysis, columns(sys.stdout))
    try:
        click.echo(text)
    except OSError as error:
        raise MachineError(
            f"All was measured, and is saved in {outcome.directory}, but standard output can't be written: "
            f"{error.strerror}. `wsgi-bench report {outcome.directory} --format text` says it again."
        ) from error
    if not quiet:
        click.echo(f"trials: {outcome.directory / RESULT}; logs: {outcome.directory / 'logs'}", err=True)
        click.echo(f"report: {outcome.directory / 'report.html'}", err=True)
    for line in problem_lines(judge_plan(outcome.suite.plan, outcome.analysis)):
        say(f"wsgi-bench: {line}", sys.stderr)
    if not quiet and (ends := EXIT_WORDS.get(outcome.exit_code)):
        say(f"wsgi-bench: {ends}", sys.stderr)
    context.exit(outcome.exit_code)
