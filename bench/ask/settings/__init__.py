"""Every setting: what a user can ask of a run, a row each.

The options of `wsgi-bench run`, the `WSGI_BENCH_*` variables, the keys of `bench.toml`, what a shell
completes, the table in docs/configuration.md and 'The same run again' are all derived from these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.ask.settings.generators import GENERATORS
from bench.ask.settings.limits import LIMITS
from bench.ask.settings.locust import LOCUST
from bench.ask.settings.project import PROJECT
from bench.ask.settings.requests import REQUESTS, other_ways
from bench.ask.settings.setting import LISTS as LISTS
from bench.ask.settings.setting import REPEATED as REPEATED
from bench.ask.settings.setting import Offered as Offered
from bench.ask.settings.setting import Setting as Setting
from bench.model import TIMEOUT_S
from bench.plan.layout import CLIENTS, CONNECTIONS, PROFILES

FOR_PROJECTS = "waitress, gunicorn, uwsgi and granian"
"""The servers that are measured by default behind an application of the user's own."""

_ROWS = (
    Setting(
        "profile",
        "word",
        "how much is measured",
        "`smoke` claims nothing.",
        choices=tuple(PROFILES),
        default="standard",
    ),
    Setting(
        "runtime",
        "word",
        "child processes or containers",
        "`auto` takes containers where an engine answers.",
        choices=("auto", "local", "compose"),
        default="auto",
    ),
    Setting(
        "docker_context",
        "text",
        "Run servers and load generator in containers on the machine of this Docker context's engine",
        "Without it the engine is that of DOCKER_HOST, DOCKER_CONTEXT or `docker context use`. See "
        "[servers on another machine](several-machines.md#servers-on-another-machine).",
        form="a name that `docker context ls` has",
        metavar="NAME",
        otherwise="the current one",
    ),
    Setting(
        "servers",
        "names",
        "Names of docker-compose.yml, with commas between",
        "They are deployed.",
        otherwise="wsgiref, werkzeug, waitress, gunicorn and uwsgi; behind your own application "
        f"{FOR_PROJECTS}",
        offers="servers",
        drops=("target", "server"),
    ),
    Setting(
        "target",
        "several",
        "Measure an HTTP server that runs already, instead of deploying any",
        form="`name=http://host:port`, `name=unix:/path`",
        metavar="NAME=URL",
        drops=("servers", "server", "against", "fail_if", "docker_context"),
    ),
    Setting(
        "baseline",
        "text",
        "The server or target that the report shows all others as multiples of",
        form="a name",
        otherwise="your own server line, if there is one; else the first in rank",
        offers="servers",
    ),
    Setting(
        "app",
        "text",
        "The application: module, module:callable, module:factory() or a file; or a name of apps/apps.toml",
        "Also the first word behind `run` and `try`. In the checkout of wsgi-bench, one that is elsewhere is "
        "found through PYTHONPATH; in a folder of your own see [your application](any-app.md).",
        form="a name, or `module:callable`",
        otherwise="shortly, or else what fits the scenarios",
        offers="apps",
    ),
    Setting(
        "scenarios",
        "names",
        "Names, with commas between; see `wsgi-bench list scenarios`",
        "They are what is asked of the app, and must fit it. A target or a `module:callable` has `get`, "
        "unless you say otherwise.",
        profile="scenarios",
        offers="scenarios",
        drops=other_ways("scenarios"),
    ),
    # Connections are file descriptors, and containers have 4096 of them (docker-compose.yml, nofile).
    Setting(
        "users",
        "whole",
        "Users of closed load",
        "Each has a request under way at any time, on a connection of its own.",
        highest=4_000,
        profile="users",
    ),
    # A request in 100 seconds is a mistake in typing, not a load.
    Setting(
        "rate",
        "number",
        "Requests a second of open load",
        "It is one rate for all cases.",
        lowest=0.01,
        highest=1_000_000,
        otherwise="what the pilot finds",
    ),
    Setting(
        "rounds",
        "whole",
        "Rounds of fresh deployments",
        "With `until` the most of them. In containers, which start more slowly, standard has 8.",
        highest=10_000,
        profile="rounds",
    ),
    Setting(
        "blocks",
        "whole",
        "Closed-load blocks a round; a tenth as many, in standard a thirteenth, are open load",
        "Rounded; at least one is.",
        highest=100_000,
        profile="blocks",
    ),
    Setting(
        "minutes",
        "number",
        "The time that the run may take, reports included: it has as many rounds and blocks as fit, and ends "
        "in time",
        lowest=0.1,
        highest=10_000,
    ),
    Setting(
        "until",
        "share",
        "Go on, for six rounds or more, until ratios of throughput are known to plus or minus so much",
        "By default for 60 rounds at most. See "
        "[until ratios are known](methodology.md#until-ratios-are-known-well-enough).",
        form="`1.5%`, or 0.015",
        metavar="PERCENT",
        lowest=0.0005,
        highest=1,
    ),
    Setting(
        "seed",
        "whole",
        "Order and requests are drawn from it",
        "That of an earlier run makes its order and requests again.",
        form="a whole number",
        lowest=0,
        highest=2**63,
        otherwise="a fresh one",
    ),
    Setting(
        "out",
        "text",
        "Directory for this run's files",
        form="a directory",
        otherwise="`results/<UTC time>-<host>/` in the checkout of wsgi-bench, else in `wsgi-bench-results/`",
        offers="directories",
        again=False,
    ),
    Setting(
        "connection",
        "word",
        "as they come, or a connection each request",
        "`close` asks every server to close after each response, so that those which keep connections and "
        "those which don't are compared alike.",
        choices=CONNECTIONS,
        profile="connections",
    ),
    Setting(
        "processes",
        "whole",
        "Processes of the load generator",
        "They share each trial.",
        highest=64,
        otherwise="one for each of its CPUs",
    ),
    Setting(
        "client",
        "word",
        "the harness's own loop or, for comparison, locust's own client",
        "`fasthttp` is locust's FastHttpUser.",
        choices=CLIENTS,
        default="loop",
    ),
    # Histograms end at 60 seconds.
    Setting(
        "timeout",
        "number",
        "How long one request may take, of a probe or a trial",
        "Making its connection is part of it. What comes later is unfinished.",
        metavar="SECONDS",
        highest=60,
        default=TIMEOUT_S,
    ),
    Setting(
        "priority",
        "word",
        "whether servers, generator and Redis come before this machine's other programs, where permitted",
        "It takes root's rights, or CAP_SYS_NICE; what became of it stands in the report. See [who comes "
        "first](decisions/076-who-comes-first.md). In virtual machines it [keeps the generator's CPU "
        "awake](decisions/107-a-generator-that-stays-awake.md), too.",
        choices=("auto", "off"),
        default="auto",
    ),
    Setting(
        "against",
        "text",
        "Measure an old version of every server beside this one: a commit, branch or tag, or another "
        "checkout's folder or compose file",
        "See [two versions in one run](compare.md#two-versions-in-one-run).",
        form="a version",
        metavar="VERSION",
        offers="versions",
        drops=("target",),
        claims=True,
    ),
    Setting(
        "fail_if",
        "several",
        "With --against: a limit as of `compare`, e.g. 'throughput < -5%', with exit code 5 where one is "
        "exceeded, 4 where one can't be judged",
        form="limits",
        metavar="EXPR",
        claims=True,
    ),
    *PROJECT,
    *REQUESTS,
    *LOCUST,
    *GENERATORS,
    Setting(
        "server",
        "lines",
        "A server with numbers of its own (waitress:threads=8), a file of settings, or LABEL='COMMAND'",
        "See [your own server lines](configuration.md#your-own-server-lines).",
        metavar="SPEC",
        drops=("target", "servers"),
    ),
    *LIMITS,
)
SETTINGS: dict[str, Setting] = {row.name: row for row in _ROWS}


def flag(name: str) -> str:
    """The option of a setting."""
    return f"--{name.replace('_', '-')}"


def options_of(given: Mapping[str, Any]) -> Iterator[str]:
    """The words of a command line that give these settings, by name."""
    for name, value in given.items():
        setting = SETTINGS.get(name)
        if setting is not None and setting.kind == "flag":
            yield flag(name)
            continue
        for text in map(_text, value if setting is not None and setting.kind in REPEATED else [value]):
            yield from (flag(name), text)


def defaults() -> dict[str, Any]:
    """What holds for each setting that is the profile's or nobody's."""
    return {name: () if row.kind in LISTS else row.default for name, row in SETTINGS.items()}


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
