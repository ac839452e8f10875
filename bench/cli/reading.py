"""The verbs that read what is stored: `report`, `compare` and `list`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bench.catalogue.home import HOME
from bench.cli import complete, listing
from bench.cli.comparison import compare_results
from bench.cli.outfile import require_file, write_out
from bench.cli.say import columns, say
from bench.model.errors import UsageError
from bench.report import FORMATS
from bench.report.text import WIDTH as TEXT_WIDTH
from bench.report.two_runs import FORMATS as COMPARE_FORMATS
from bench.report.words import problem_lines
from bench.run.results import (
    newest_result,
    rendered,
    result_path,
    write_all_reports,
)

ROOT = HOME


@click.command()
@click.argument("result", required=False, type=click.Path(path_type=Path), shell_complete=complete.results)
@click.option(
    "--format", "format_name", help=f"One of {', '.join(FORMATS)}.", shell_complete=complete.formats
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write, by default as html.")
def report(result: Path | None, format_name: str | None, out: Path | None) -> None:
    """Render a stored result, by default the newest; without options all its files and the index."""
    if format_name is not None and format_name not in FORMATS:
        raise UsageError(f"There is no format {format_name!r}. Known are {', '.join(FORMATS)}.")
    if out is not None:
        require_file(out)
    directory = result_path(result) if result else newest_result(ROOT)
    if format_name is None and out is None:
        for path in write_all_reports(directory, ROOT):
            click.echo(path)
        return
    width = columns(sys.stdout) if out is None else TEXT_WIDTH
    text = rendered(directory, format_name or "html", width)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    elif write_out(out, text):
        click.echo(out)


@click.command()
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
    if out is not None:
        require_file(out)
    compared = compare_results(old, new, fail_if, format_name)
    text = compared.rendered(format_name, columns(sys.stdout) if out is None else TEXT_WIDTH)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    elif write_out(out, text):
        click.echo(out)
    for line in problem_lines(compared.judgements):
        say(f"wsgi-bench: {line}", sys.stderr)
    context.exit(compared.exit_code)


@click.command(name="list")
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
