"""The options of `wsgi-bench run` and `resume`: one for each row of the table of settings, and consent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from bench.ask.documented import usage
from bench.ask.own import NAMES as OWN
from bench.ask.settings import FOR_PROJECTS, REPEATED, SETTINGS, Setting, flag
from bench.ask.settings.project import PROJECT
from bench.catalogue import consent
from bench.cli import complete

Command = Callable[..., Any]
_FIRST = ("url", "server", "servers", "minutes", "until", "baseline")
_NOT_OF_ONES_OWN = ("scenarios", "target", "against", "fail_if")
"""Known, so that each is refused with what to do instead."""
_OF_ONES_OWN = {
    "app": "the one that is found in this folder",
    "servers": FOR_PROJECTS,
    "out": "`wsgi-bench-results/<UTC time>-<host>/`",
}
"""What holds by default where it is another thing than with wsgi-bench's own applications."""


def run_options(command: Command) -> Command:
    """Give a command an option for each setting; `bench.ask.precedence` reads their values."""
    for setting in reversed(list(SETTINGS.values())):
        command = _option(setting)(command)
    return command


def own_options(command: Command) -> Command:
    """The same for somebody's own application, beginning with what that needs."""
    names = dict.fromkeys((*_FIRST, *OWN, *(row.name for row in PROJECT), *SETTINGS))
    for name in reversed(tuple(names)):
        setting = SETTINGS[name]
        usual = replace(setting, otherwise=_OF_ONES_OWN.get(name, setting.otherwise))
        command = _option(usual, hidden=name in _NOT_OF_ONES_OWN)(command)
    return command


def resume_options(command: Command) -> Command:
    """Give `resume` the options that name again what no file of the checkout has."""
    for name in reversed((*(row.name for row in PROJECT), *OWN)):
        command = _option(SETTINGS[name])(command)
    for option in reversed(_NAMED_AGAIN):
        command = option(command)
    return command


def _option(setting: Setting, *, hidden: bool = False) -> Callable[[Command], Command]:
    # Whoever says that an option is no flag tells click that its value may be left out.
    kind: dict[str, Any] = {"is_flag": True} if setting.kind == "flag" else {}
    return click.option(
        flag(setting.name),
        multiple=setting.kind in REPEATED,
        metavar=setting.metavar or ("N" if setting.kind in ("whole", "number") else None),
        help=usage(setting),
        shell_complete=complete.offered(setting),
        hidden=hidden,
        **kind,
    )


_NAMED_AGAIN = (
    click.option("--app", metavar="MODULE:CALLABLE", help="The application, if apps/apps.toml hasn't it."),
    click.option(
        "--against",
        metavar="VERSION",
        help="The old version, if the run has one.",
        shell_complete=complete.versions,
    ),
    click.option(
        "--bind", metavar="ADDRESS", help="This host's, if load generators of other hosts make the load."
    ),
    click.option("--redis", metavar="HOST", help="The Redis of another host, if the run has one."),
    click.option("--locustfile", metavar="FILE", help="The locust file, if its users make the load."),
    click.option("--docker-context", metavar="NAME", help="The Docker context, if it has one."),
    click.option(
        "--server", metavar="SPEC", multiple=True, help="A server of the run's own line or file; repeatable."
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

dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Print the plan and its time; start no server. An application of your own is asked for that, after "
    "--setup and --reset and with --services.",
)
