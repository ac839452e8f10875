"""Reads the two lists that people edit: the servers in `docker-compose.yml`, the apps in `apps/apps.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bench.catalogue.application import meant
from bench.model import App, Server
from bench.model.errors import UsageError
from bench.model.problems import Problems

APPS_FILE = "apps/apps.toml"

# https://docs.docker.com/reference/compose-file/interpolation/
_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>\w+)|\{(?P<braced>\w+)(?:(?P<op>:?-)(?P<default>[^}]*))?\})"
)
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
# Variables of docker-compose.yml to which a run gives its own values, or which no server of it has.
_OWN = frozenset(
    {
        *("APP", "SERVER_CPUS", "GENERATOR_CPUS", "STORE_CPUS", "BUILD_CA", "BUILD_PIP_CONF"),
        "WSGI_BENCH_MASTER",
    }
)
# A tenth of each start of the harness would go into the loader that is written in Python.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_SIGNALS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2")


class _Fields:
    """Takes fields of one table, and remembers every problem instead of stopping at the first."""

    def __init__(self, table: object, place: str, problems: Problems) -> None:
        self.place = place
        self.problems = problems
        self.table: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
        if not isinstance(table, Mapping):
            problems.note(f"{place} must be a mapping, but is {_kind(table)}.")

    def take(self, name: str, kind: type, default: Any = None, *, required: bool = True) -> Any:
        value = self.table.get(name)
        if value is None:
            if required and self.table:
                self.problems.note(f"{self.place}: {name} is missing.")
            return default
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.problems.note(f"{self.place}: {name} must be a {kind.__name__}, but is {_kind(value)}.")
            return default
        return value

    def strings(self, name: str, *, required: bool = True) -> tuple[str, ...]:
        value = self.take(name, list, [], required=required)
        wrong = [item for item in value if not isinstance(item, str)]
        if wrong:
            self.problems.note(f"{self.place}: {name} must be a list of strings, but has {wrong[0]!r}.")
            return ()
        return tuple(value)

    def complain(self, text: str) -> None:
        self.problems.note(f"{self.place}: {text}")


def load_servers(path: Path, variables: Mapping[str, str] = os.environ) -> dict[str, Server]:
    """Read the servers: the services that have an `x-server` block, in the file's order.

    Args:
        variables: what `${NAME:-default}` is resolved from, as Compose does with its environment.

    Raises:
        UsageError: the file is missing or malformed; names every problem.
    """
    try:
        document = yaml.load(_read(path), _LOADER)
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict) or not services:
        raise UsageError(f"{path} has no services.")
    servers: dict[str, Server] = {}
    with Problems() as problems:
        for name, service in services.items():
            if isinstance(service, dict) and "x-server" in service:
                place = f"{path}: services.{name}"
                server = _server(str(name), interpolate(service, variables, place, problems), place, problems)
                servers[str(name)] = replace(server, settings=_settings(service.get("environment")))
        if not servers:
            problems.note(f"{path}: no service has an x-server block, so there is no server to measure.")
    return servers


def _server(name: str, service: object, place: str, problems: Problems) -> Server:
    fields = _Fields(service, place, problems)
    about = _Fields(fields.table.get("x-server"), f"{place}.x-server", problems)
    environment = _environment(fields)
    command = fields.strings("command")
    if not command:
        fields.complain('command must have at least the program: ["program", "argument"].')
    if "APP" not in environment or "BIND" not in environment:
        fields.complain("environment must set APP and BIND.")
    stop_signal = fields.take("stop_signal", str, "SIGTERM", required=False)
    if stop_signal not in _SIGNALS:
        fields.complain(f"stop_signal must be one of {', '.join(_SIGNALS)}, but is {stop_signal!r}.")
    return Server(
        name=name,
        title=about.take("title", str, name),
        command=command,
        environment=environment,
        workers=_count(fields, environment, "WORKERS"),
        threads=_count(fields, environment, "THREADS"),
        keep_alive=about.take("keep_alive", bool, False),
        concurrency=about.take("concurrency", str, ""),
        default=about.take("default", bool, False),
        docs=about.take("docs", str, ""),
        package=about.take("package", str, ""),
        stop_signal=stop_signal,
        stop_grace_s=_seconds(fields, "stop_grace_period", 10.0),
        for_projects=about.take("for_projects", bool, False, required=False),
    )


def _settings(environment: object) -> tuple[str, ...]:
    """Which of workers and threads are taken from outside, and so aren't fixed."""
    taken = environment if isinstance(environment, dict) else {}
    return tuple(name for name in ("workers", "threads") if "$" in str(taken.get(name.upper(), "")))


def _environment(fields: _Fields) -> dict[str, str]:
    environment = _Fields(fields.table.get("environment"), f"{fields.place}.environment", fields.problems)
    return {str(name): "" if value is None else str(value) for name, value in environment.table.items()}


def _count(fields: _Fields, environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name, "")
    if not value.isdecimal() or int(value) < 1:
        fields.complain(f"environment.{name} must be a number above 0, but is {value!r}.")
        return 1
    return int(value)


def _seconds(fields: _Fields, name: str, default: float) -> float:
    value = fields.take(name, str, None, required=False)
    if value is None:
        return default
    match = _DURATION.fullmatch(value)
    if not value or match is None:
        fields.complain(f"{name} must be a duration such as 10s or 1m30s, but is {value!r}.")
        return default
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def interpolate(value: Any, variables: Mapping[str, str], place: str, problems: Problems) -> Any:
    """Resolve `${NAME:-default}`, `${NAME-default}`, `${NAME}`, `$NAME` and `$$` in a tree's strings."""
    if isinstance(value, dict):
        return {key: interpolate(item, variables, f"{place}.{key}", problems) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, variables, f"{place}[{i}]", problems) for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    if "$" in _VARIABLE.sub("", value):
        problems.note(f"{place}: can't resolve {value!r}; write a plain dollar as $$.")

    def resolve(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        value = variables.get(match["plain"] or match["braced"])
        if value is None or (match["op"] == ":-" and not value):
            return match["default"] or ""
        return value

    return _VARIABLE.sub(resolve, value)


def variables_used(path: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Which of these variables a compose file takes, with their values; what the harness sets isn't one.

    Raises:
        UsageError: the file can't be read.
    """
    names = {match["plain"] or match["braced"] for match in _VARIABLE.finditer(_read(path))}
    return {name: variables[name] for name in sorted(names - _OWN) if name and variables.get(name)}


def load_apps(path: Path) -> dict[str, App]:
    """Read the applications under test.

    Raises:
        UsageError: the file is missing or malformed; names every problem.
    """
    try:
        document = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    if not document:
        raise UsageError(f"{path} has no app.")
    with Problems() as problems:
        return {
            name: _app(name, _Fields(table, f"{path}: [{name}]", problems))
            for name, table in document.items()
        }


def _app(name: str, fields: _Fields) -> App:
    target = fields.take("callable", str, "")
    if target and not _CALLABLE.fullmatch(target):
        fields.complain(f"callable must be module:callable, but is {target!r}.")
    scenarios = fields.strings("scenarios")
    if "scenarios" in fields.table and not scenarios:
        fields.complain("scenarios must name at least one.")
    unknown = sorted(set(fields.table) - {"callable", "scenarios", "redis", "seed"})
    if unknown:
        fields.complain(f"unknown {', '.join(unknown)}; known are callable, scenarios, redis, seed.")
    return App(
        name=name,
        callable=target,
        scenarios=scenarios,
        redis=fields.take("redis", bool, False, required=False),
        seed=fields.strings("seed", required=False),
    )


def app_from_callable(target: str) -> App:
    """An app that is in no list, named as `module:callable`: it gets plain `GET /` requests.

    Raises:
        UsageError: `target` isn't of that form.
    """
    if not _CALLABLE.fullmatch(target):
        by_file = meant(target)
        raise UsageError(
            f"{target!r} is neither an app of apps/apps.toml nor of the form module:callable."
            + (f" Write: {by_file}" if by_file else "")
        )
    return App(
        name=target.replace(":", "."), callable=target, scenarios=("get", "redirect"), redis=False, seed=()
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{path} doesn't exist; run this in a checkout of wsgi-bench.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "a mapping", list: "a list", str: "a string", bool: "a truth value"}
    names |= {int: "a number", float: "a number", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)
