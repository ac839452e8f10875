"""The verbs that measure: `run` and `resume`. No logic: each reads as what it does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bench.analysis.compare.limits import judge_plan
from bench.ask import resolution
from bench.ask.locust import said
from bench.ask.old_version import require_packages
from bench.cli import complete, listing
from bench.cli.options import beyond, resume_options, run_options
from bench.cli.say import columns, say
from bench.deploy.external import target_server
from bench.deploy.select import choose_runtime
from bench.live.progress import Reporter
from bench.machine.environment import split_cpus
from bench.plan.layout import make_plan
from bench.report import FORMATS
from bench.report.text import render as render_text
from bench.report.words import problem_lines
from bench.run.results import result_directory, result_path
from bench.run.session import Outcome, measure
from bench.run.session import resume as resume_run
from bench.run.stored_plan import Named
from bench.store import RESULT

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@run_options
@beyond
@click.option("--dry-run", is_flag=True, help="Print the plan and its time; start nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the derived result as JSON.")
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but problems.")
@click.pass_context
def run(
    context: click.Context, /, beyond: bool, dry_run: bool, as_json: bool, quiet: bool, **flags: Any
) -> None:
    """Measure and compare; the report's path is the last thing said."""
    asked = resolution.resolve(flags, ROOT, beyond=beyond)
    with Reporter(quiet=quiet) as reporter:
        if asked.runtime_reason:
            reporter.phase(asked.runtime_reason)
        runtime = choose_runtime(asked.runtime, reporter.phase)
        require_packages(asked.old, runtime)
        if asked.old and asked.old.missing:
            reporter.phase(f"not compared: {', '.join(asked.old.missing)}, which OLD doesn't have")
        for sentence in said(asked.locust.file) if asked.locust else ():
            reporter.phase(sentence)
        servers = asked.servers or tuple(target_server(n, url) for n, url in asked.targets.items())
        plan = make_plan(
            asked.profile,
            runtime,
            servers,
            asked.combinations,
            baseline=asked.baseline,
            seed=asked.seed,
            rate=asked.rate,
            processes=asked.processes or len(split_cpus().generator),
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
            given=asked.given,
            locust=asked.locust.file if asked.locust else None,
        )
        outcome = None
        if not dry_run:
            directory = result_directory(ROOT, asked.out)
            outcome = measure(
                plan,
                ROOT,
                directory,
                reporter,
                addresses=asked.addresses,
                driver=asked.locust.arguments if asked.locust else (),
            )
    if outcome is None:
        click.echo(listing.plan(plan, asked.old.missing if asked.old else (), columns(sys.stdout)))
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
    locustfile: str | None,
    beyond: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Continue an interrupted run; `wsgi-bench list results` names those there are.

    What a run is measured with is taken from this checkout. What is in no file of it has to be named again,
    since a result may be a stranger's.
    """
    with Reporter(quiet=quiet) as reporter:
        outcome = resume_run(result_path(result), ROOT, reporter, Named(app, against, beyond, locustfile))
    _finish(context, outcome, as_json=as_json, quiet=quiet)


def _finish(context: click.Context, outcome: Outcome, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(FORMATS["json"](outcome.suite, outcome.analysis))
    else:
        click.echo(render_text(outcome.suite, outcome.analysis, columns(sys.stdout)))
    if not quiet:
        click.echo(f"trials: {outcome.directory / RESULT}; logs: {outcome.directory / 'logs'}", err=True)
        click.echo(f"report: {outcome.directory / 'report.html'}", err=True)
    for line in problem_lines(judge_plan(outcome.suite.plan, outcome.analysis)):
        say(f"wsgi-bench: {line}", sys.stderr)
    context.exit(outcome.exit_code)
