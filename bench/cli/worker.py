"""The verb `worker`: a load generator for a run of another host."""

from __future__ import annotations

import sys

import click

from bench.ask.generators import require_secret, take_secret
from bench.cli.say import say
from bench.load.elsewhere.keys import SECRET_VARIABLE
from bench.model.errors import UsageError
from bench.model.hostport import host_and_port
from bench.run.worker import work


@click.command()
@click.option(
    "--master",
    required=True,
    metavar="HOST[:PORT]",
    help="What the run on the other host was given as --bind.",
)
def worker(master: str) -> None:
    """Make load for a run of another host: `wsgi-bench run --generators` there waits for it.

    It is one process. Start as many as this host has CPUs to give, each with the run's secret in
    WSGI_BENCH_SECRET. It waits until the run begins, ends with it, and waits again if that host is gone.
    """
    secret = require_secret(take_secret())
    try:
        address = host_and_port(master)
    except ValueError as error:
        raise UsageError(f"--master: {error}.") from None
    work(address, {SECRET_VARIABLE: secret}, lambda line: say(line, sys.stderr))
