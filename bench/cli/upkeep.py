"""The verbs that are about this machine: `doctor`, `calibrate` and `clean`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click
from rich.console import Console

from bench.catalogue.home import HOME, results_folder
from bench.cli.say import say
from bench.deploy.cgroup import remove_leftovers as remove_cgroups
from bench.deploy.engine import find_engine_to_clean, use_context
from bench.deploy.ownership import clean as remove_leftovers
from bench.doctor import examine, for_programs, read_facts
from bench.doctor.page import show
from bench.machine.cache import cache_folder, empty
from bench.machine.place import HERE
from bench.model.digits import significant
from bench.model.finding import exit_code
from bench.run.calibrate import ceiling

ROOT = HOME


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what on this machine would spoil a run, and the fix; exit code 4 if anything would."""
    findings = examine(read_facts(results_folder(ROOT)))
    if as_json:
        click.echo(json.dumps([for_programs(finding) for finding in findings], indent=1))
    else:
        show(findings, Console(highlight=False))
    context.exit(exit_code(findings))


@click.command()
@click.option("--json", "as_json", is_flag=True)
def calibrate(as_json: bool) -> None:
    """Measure the load generator's own ceiling on this machine, with answers of 13 bytes.

    Each run measures it anew, with answers like those of its application.
    """
    measured = ceiling(ROOT)
    if as_json:
        click.echo(json.dumps(asdict(measured), indent=1))
        return
    click.echo(
        f"on kept connections     {significant(measured.keep_alive_rps)} requests a second\n"
        f"a connection each       {significant(measured.close_rps)} requests a second\n"
        f"latency floor, one user {measured.latency_floor_s * 1e6:.0f} us"
    )


@click.command()
@click.option("--docker-context", metavar="NAME", help="On the machine of this Docker context's engine.")
@click.option(
    "--cache",
    is_flag=True,
    help="Also what runs have built and kept: environments, servers, bytecode. The next one builds it anew.",
)
def clean(docker_context: str | None, cache: bool) -> None:
    """Remove containers, networks, images of old versions and cgroups that a killed run left behind."""
    if cache:
        folder = cache_folder(os.environ)
        click.echo(f"removed {empty(os.environ) / 1e6:,.0f} MB from {folder}")
    if docker_context:
        use_context(docker_context)
    for name in remove_cgroups(HERE):
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
