"""The verbs of the command line. No logic: each reads as what it does."""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.analysis.compare.limits import judge_plan
from bench.ask import settings
from bench.ask.against import require_packages
from bench.cli import complete, listing
from bench.cli.comparison import compare_results
from bench.cli.options import beyond, resume_options, run_options
from bench.cli.say import columns, say
from bench.deploy.cgroup import remove_leftovers as remove_cgroups
from bench.deploy.engine import find_engine_to_clean
from bench.deploy.external import target_server
from bench.deploy.ownership import clean as remove_leftovers
from bench.deploy.select import choose_runtime
from bench.doctor import examine, for_programs, read_facts
from bench.doctor.page import show
from bench.live.progress import Reporter
from bench.machine.environment import split_cpus
from bench.machine.interrupt import interruptible
from bench.model.digits import significant
from bench.model.errors import BenchError, UsageError
from bench.model.finding import exit_code
from bench.model.shortage import found_in, sentence
from bench.plan.layout import make_plan
from bench.report import FORMATS
from bench.report.compare import FORMATS as COMPARE_FORMATS
from bench.report.text import WIDTH as TEXT_WIDTH
from bench.report.text import render as render_text
from bench.report.words import problem_lines
from bench.run.results import (
    RESULTS,
    newest_result,
    rendered,
    result_directory,
    result_path,
    write_all_reports,
)
from bench.run.session import Outcome, ceiling, measure
from bench.run.session import resume as resume_run
from bench.run.stored_plan import Named
from bench.store import RESULT, replace_file

ROOT = Path(__file__).resolve().parents[2]

_SHORTAGES = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wsgi-bench")
def cli() -> None:
    """Which WSGI server serves this application best on this machine, and how sure are we?"""


@cli.command()
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
    asked = settings.resolve(flags, ROOT, beyond=beyond)
    with Reporter(quiet=quiet) as reporter:
        if asked.runtime_reason:
            reporter.phase(asked.runtime_reason)
        runtime = choose_runtime(asked.runtime, reporter.phase)
        require_packages(asked.old, runtime)
        if asked.old and asked.old.missing:
            reporter.phase(f"not compared: {', '.join(asked.old.missing)}, which OLD doesn't have")
        servers = asked.servers or tuple(target_server(n, url) for n, url in asked.targets.items())
        plan = make_plan(
            asked.profile,
            runtime,
            servers,
            asked.combinations,
            seed=asked.seed,
            rate=asked.rate,
            processes=asked.processes or len(split_cpus().generator),
            client=asked.client,
            against=asked.old.against if asked.old else None,
            old_servers=asked.old.servers if asked.old else (),
            fail_if=asked.fail_if,
            minutes=asked.minutes,
            adapts=asked.adapts,
            timeout_s=asked.timeout_s,
            given=asked.given,
        )
        outcome = None
        if not dry_run:
            directory = result_directory(ROOT, asked.out)
            outcome = measure(plan, ROOT, directory, reporter, addresses=asked.addresses)
    if outcome is None:
        click.echo(listing.plan(plan, asked.old.missing if asked.old else (), columns(sys.stdout)))
        return
    _finish(context, outcome, as_json=as_json, quiet=quiet)


@cli.command()
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
    beyond: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Continue an interrupted run; `wsgi-bench list results` names those there are.

    What a run is measured with is taken from this checkout. What is in no file of it has to be named again,
    since a result may be a stranger's.
    """
    with Reporter(quiet=quiet) as reporter:
        outcome = resume_run(result_path(result), ROOT, reporter, Named(app, against, beyond))
    _finish(context, outcome, as_json=as_json, quiet=quiet)


@cli.command()
@click.argument("result", required=False, type=click.Path(path_type=Path), shell_complete=complete.results)
@click.option(
    "--format", "format_name", help=f"One of {', '.join(FORMATS)}.", shell_complete=complete.formats
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write, by default as html.")
def report(result: Path | None, format_name: str | None, out: Path | None) -> None:
    """Render a stored result, by default the newest; without options all its files and the index."""
    if format_name is not None and format_name not in FORMATS:
        raise UsageError(f"There is no format {format_name!r}. Known are {', '.join(FORMATS)}.")
    directory = result_path(result) if result else newest_result(ROOT)
    if format_name is None and out is None:
        for path in write_all_reports(directory, ROOT):
            click.echo(path)
        return
    width = columns(sys.stdout) if out is None else TEXT_WIDTH
    text = rendered(directory, format_name or "html", width)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        replace_file(out, [text])
        click.echo(out)


@cli.command()
@click.argument("old", type=click.Path(path_type=Path), shell_complete=complete.results)
@click.argument("new", type=click.Path(path_type=Path), shell_complete=complete.results)
@click.option(
    "--fail-if",
    multiple=True,
    metavar="EXPR",
    help="A limit, e.g. 'throughput < -5%' or 'gunicorn/mixed: p99 > +10%'; repeatable. Exit code 5 where "
    "one is exceeded, 4 where one can't be judged.",
)
@click.option(
    "--format",
    "format_name",
    default="text",
    help=f"One of {', '.join(COMPARE_FORMATS)}; by default text.",
    shell_complete=complete.compare_formats,
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write instead of standard output.")
@click.pass_context
def compare(
    context: click.Context, old: Path, new: Path, fail_if: tuple[str, ...], format_name: str, out: Path | None
) -> None:
    """Say what changed between two stored results, and how sure that is."""
    found = compare_results(old, new, fail_if, format_name)
    text = found.rendered(format_name, columns(sys.stdout) if out is None else TEXT_WIDTH)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        replace_file(out, [text])
        click.echo(out)
    for line in problem_lines(found.judgements):
        say(f"wsgi-bench: {line}", sys.stderr)
    context.exit(found.exit_code)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what on this machine would spoil a run, and the fix; exit code 4 if anything would."""
    findings = examine(read_facts(ROOT / RESULTS))
    if as_json:
        click.echo(json.dumps([for_programs(finding) for finding in findings], indent=1))
    else:
        show(findings, Console(highlight=False))
    context.exit(exit_code(findings))


@cli.command()
@click.option("--json", "as_json", is_flag=True)
def calibrate(as_json: bool) -> None:
    """Measure the load generator's own ceiling on this machine."""
    found = ceiling(ROOT)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    click.echo(
        f"on kept connections     {significant(found.keep_alive_rps)} requests a second\n"
        f"a connection each       {significant(found.close_rps)} requests a second\n"
        f"latency floor, one user {found.latency_floor_s * 1e6:.0f} us"
    )


@cli.command(name="list")
@click.argument("what", shell_complete=complete.lists)
@click.option("--json", "as_json", is_flag=True)
def list_(what: str, as_json: bool) -> None:
    """List servers, apps, scenarios or results."""
    tables = {
        "servers": listing.servers,
        "apps": listing.apps,
        "scenarios": listing.scenarios,
        "results": listing.results,
    }
    if what not in tables:
        raise UsageError(f"There is no list of {what!r}. Known are {', '.join(tables)}.")
    rows = tables[what](ROOT)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    click.echo(listing.as_text(rows, columns(sys.stdout)))
    if what == "results":
        say(listing.going_on(rows, ROOT), sys.stderr)


@cli.command()
def clean() -> None:
    """Remove containers, networks, images of old versions and cgroups that a killed run left behind."""
    for name in remove_cgroups():
        click.echo(f"removed the cgroup {name}")
    engine = find_engine_to_clean()
    if engine is None:
        say("Containers were not looked for: there is no `docker` command.", sys.stdout)
        return
    removed = remove_leftovers(engine)
    for run_id in removed:
        click.echo(f"removed what {run_id} had left")
    if not removed:
        click.echo("No run that has ended left a container, network or image.")


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


def _with_help(error: click.ClickException) -> str:
    """What click found wrong with the command line, and where to read how it is right."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    verb = "wsgi-bench" if context is None else context.command_path
    return f"{error.format_message()} `{verb} --help` says how it is used."


def main() -> int:
    """Run a verb; every failure is one message and its exit code."""
    try:
        with interruptible():
            return cli(standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.ClickException as error:
        say(f"wsgi-bench: {_with_help(error)}", sys.stderr)
        return UsageError.exit_code
    except UsageError as error:
        for problem in error.problems:
            say(f"wsgi-bench: {problem}", sys.stderr)
        return error.exit_code
    except BenchError as error:
        say(f"wsgi-bench: {error}", sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.errno not in _SHORTAGES:
            raise
        short = found_in(error)
        too_little = f"this machine has too little of something: {error}. Free some"
        what = sentence(short, "the harness") if short else too_little
        say(f"wsgi-bench: {what}.", sys.stderr)
        return BenchError.exit_code
