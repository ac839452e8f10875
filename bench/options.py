"""The options of `wsgi-bench run` that are settings, too; `bench/given.py` reads their values."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from bench import complete
from bench.again import Named
from bench.model import TIMEOUT_S

Command = Callable[..., Any]


def run_options(command: Command) -> Command:
    """Give a command all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def again_options(command: Command) -> Command:
    """Give `resume` the options that name again what no file of the checkout has, as its `named`."""

    @wraps(command)
    def with_named(
        *rest: Any, app: str | None, target: tuple[str, ...], against: str | None, **others: Any
    ) -> Any:
        return command(*rest, named=Named(app, target, against), **others)

    for option in reversed(_AGAIN):
        with_named = option(with_named)
    return with_named


_AGAIN = (
    click.option("--app", metavar="MODULE:CALLABLE", help="The application, if apps/apps.toml hasn't it."),
    click.option("--target", multiple=True, metavar="NAME=URL", help="What runs beyond this machine."),
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
    click.option("--users", help="Users of closed load."),
    click.option("--rate", help="Requests a second of open load, instead of the pilot's."),
    click.option("--rounds", help="Rounds of fresh deployments."),
    click.option("--blocks", help="Closed-load blocks a round; a tenth as many, rounded, are open load."),
    click.option(
        "--minutes",
        help="The time that the run may take, reports included: it has as many rounds and blocks as fit, and "
        "ends in time.",
    ),
    click.option("--seed", help="Order and requests are drawn from it; by default a fresh one."),
    click.option("--out", help="Directory for this run's files.", shell_complete=complete.directories),
    click.option(
        "--connection",
        help="as-is (default), or close: a connection each request.",
        shell_complete=complete.connections,
    ),
    click.option("--processes", help="Of the load generator; by default one for each of its CPUs."),
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
