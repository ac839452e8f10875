"""The options of `wsgi-bench run` that are settings, too; `bench/ask/given.py` reads their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from bench.catalogue import consent
from bench.cli import complete
from bench.model import TIMEOUT_S

Command = Callable[..., Any]


def run_options(command: Command) -> Command:
    """Give a command all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def resume_options(command: Command) -> Command:
    """Give `resume` the options that name again what no file of the checkout has."""
    for option in reversed(_NAMED_AGAIN):
        command = option(command)
    return command


_NAMED_AGAIN = (
    click.option("--app", metavar="MODULE:CALLABLE", help="The application, if apps/apps.toml hasn't it."),
    click.option(
        "--against",
        metavar="VERSION",
        help="The old version, if the run has one.",
        shell_complete=complete.versions,
    ),
)

_OPTIONS = (
    click.option(
        "--profile",
        help="smoke, standard (default) or full: how much is measured.",
        shell_complete=complete.profiles,
    ),
    click.option(
        "--runtime",
        help="auto (default), local or compose: child processes or containers.",
        shell_complete=complete.runtimes,
    ),
    click.option(
        "--servers",
        help="Names of docker-compose.yml, with commas between.",
        shell_complete=complete.servers,
    ),
    click.option(
        "--app",
        help="A name of apps/apps.toml, or any module:callable that PYTHONPATH leads to.",
        shell_complete=complete.apps,
    ),
    click.option(
        "--scenarios",
        help="Names, with commas between; see `wsgi-bench list scenarios`.",
        shell_complete=complete.scenarios,
    ),
    click.option("--users", metavar="N", help="Users of closed load."),
    click.option("--rate", metavar="N", help="Requests a second of open load, instead of the pilot's."),
    click.option("--rounds", metavar="N", help="Rounds of fresh deployments."),
    click.option(
        "--blocks",
        metavar="N",
        help="Closed-load blocks a round; a tenth as many, rounded, are open load.",
    ),
    click.option(
        "--minutes",
        metavar="N",
        help="The time that the run may take, reports included: it has as many rounds and blocks as fit, and "
        "ends in time.",
    ),
    click.option("--seed", metavar="N", help="Order and requests are drawn from it; by default a fresh one."),
    click.option("--out", help="Directory for this run's files.", shell_complete=complete.directories),
    click.option(
        "--connection",
        help="as-is (default), or close: a connection each request.",
        shell_complete=complete.connections,
    ),
    click.option(
        "--processes",
        metavar="N",
        help="Processes of the load generator; by default one for each of its CPUs.",
    ),
    click.option(
        "--client",
        help="loop (default), or fasthttp: locust's own client, for comparison.",
        shell_complete=complete.clients,
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        help=f"How long one request may take, of a probe or a trial; {TIMEOUT_S:g} by default.",
    ),
    click.option(
        "--against",
        metavar="VERSION",
        help="Measure an old version of every server beside this one: a commit, branch or tag, or another "
        "checkout's folder or compose file.",
        shell_complete=complete.versions,
    ),
    click.option(
        "--fail-if",
        multiple=True,
        metavar="EXPR",
        help="With --against: a limit as of `compare`, e.g. 'throughput < -5%'; repeatable. Exit code 5 "
        "where one is exceeded, 4 where one can't be judged.",
    ),
    click.option(
        "--target", multiple=True, metavar="NAME=URL", help="Measure what runs already; repeatable."
    ),
)

beyond = click.option(
    consent.FLAG,
    "beyond",
    is_flag=True,
    help="Send load to a --target that is no loopback address of this machine. Only here: no file and no "
    "variable can say it for you.",
)
"""Consent, which is no setting."""
