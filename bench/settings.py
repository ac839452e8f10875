"""What the user asked for, checked as a whole before anything starts.

A flag wins over an environment variable (`WSGI_BENCH_*`), that over `bench.toml`, that over the profile.
"""

from __future__ import annotations

import os
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.errors import UsageError
from bench.model import App, Client, Server
from bench.plan import PROFILES, Profile
from bench.registry import app_from_callable, load_apps, load_servers
from bench.scenarios import SCENARIOS
from bench.scenarios.request import Scenario

COMPOSE_FILE = "docker-compose.yml"
APPS_FILE = "apps/apps.toml"
CONFIG_FILE = "bench.toml"
ENVIRONMENT_PREFIX = "WSGI_BENCH_"
DEFAULT_APP = "shortly"
RUNTIMES = ("auto", "local", "compose")
CONNECTIONS = ("as-is", "close")
CLIENTS = ("loop", "fasthttp")

_LISTS = frozenset({"servers", "scenarios", "target"})
_LIMITS = {
    "users": 10_000,
    "rate": 1_000_000,
    "rounds": 10_000,
    "blocks": 100_000,
    "seed": 2**63,
    "processes": 64,
}
_NUMBERS = {name: float if name == "rate" else int for name in _LIMITS}
NAMES = frozenset({"profile", "runtime", "app", "connection", "client", "out", *_LISTS, *_NUMBERS})


@dataclass(frozen=True)
class Settings:
    """A run as it was asked for, resolved and valid.

    Attributes:
        targets: name to URL of servers that run already; empty to deploy `servers`.
        processes: of the load generator; None for one for each of its CPUs.
        combinations: each app with a scenario that it is measured with.
        out: directory for the run's files; None for `results/<UTC time>-<host>/`.
    """

    profile: Profile
    runtime: str
    servers: tuple[Server, ...]
    targets: Mapping[str, str]
    combinations: tuple[tuple[App, Scenario], ...]
    rate: float | None
    seed: int
    processes: int | None
    client: Client
    out: Path | None


def resolve(flags: Mapping[str, Any], root: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Merge flags, environment, `bench.toml` and profile.

    Args:
        flags: option name to value; None or empty where the option wasn't given.
        root: the checkout.

    Raises:
        UsageError: with every problem found.
    """
    problems: list[str] = []
    asked = _merged(flags, root, environment, problems)
    profile = _profile(asked, problems)
    _check_word("runtime", asked.get("runtime", "auto"), RUNTIMES, problems)
    _check_word("client", asked.get("client", "loop"), CLIENTS, problems)
    targets = _targets(asked.get("target", ()), problems)
    servers: tuple[Server, ...] = ()
    if targets:
        if asked.get("servers"):
            problems.append(
                "--servers and --target exclude each other: the first deploys servers, the second measures "
                "what runs already. Leave one out."
            )
        combinations = _for_targets(asked.get("scenarios", ()), problems)
    else:
        servers = _servers(asked.get("servers", ()), root, environment, problems)
        combinations = _combinations(asked, profile, root, problems)
    if problems:
        raise UsageError(*problems)
    return Settings(
        profile=profile,
        runtime="external" if targets else asked.get("runtime", "auto"),
        servers=servers,
        targets=targets,
        combinations=combinations,
        rate=asked.get("rate"),
        seed=asked["seed"] if asked.get("seed") is not None else random.SystemRandom().getrandbits(32),
        processes=asked.get("processes"),
        client=asked.get("client", "loop"),
        out=Path(asked["out"]) if asked.get("out") else None,
    )


def _merged(
    flags: Mapping[str, Any], root: Path, environment: Mapping[str, str], problems: list[str]
) -> dict[str, Any]:
    merged = _from_file(root / CONFIG_FILE, problems)
    for name in sorted(NAMES):
        value = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if value:
            merged[name] = _typed(name, value, f"{ENVIRONMENT_PREFIX}{name.upper()}", problems)
    for name, value in flags.items():
        if value not in (None, "", ()):
            merged[name] = _typed(name, value, f"--{name}", problems)
    return {name: value for name, value in merged.items() if value is not None}


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path.name} is not valid TOML: {error}. Correct it, or remove it.")
        return {}
    found = {}
    for name, value in table.items():
        if name in NAMES:
            found[name] = _typed(name, value, f"{path.name}, {name}", problems)
        else:
            problems.append(f"{path.name}: there is no setting {name!r}{_hint(name, NAMES)}.")
    return found


def _typed(name: str, value: Any, place: str, problems: list[str]) -> Any:
    """The value as its setting's type, or None with a problem noted."""
    if name in _LISTS:
        items = value.split(",") if isinstance(value, str) else value
        if isinstance(items, Sequence) and all(isinstance(item, str) for item in items):
            return tuple(part.strip() for item in items for part in item.split(",") if part.strip())
        problems.append(f"{place}: {value!r} is not a list of names. Write them with commas between.")
        return None
    if name in _NUMBERS:
        kind = _NUMBERS[name]
        try:
            number = kind(value)
        except (TypeError, ValueError):
            number = None
        lowest = 0 if name == "seed" else 1
        if number is None or isinstance(value, bool) or not lowest <= number <= _LIMITS[name]:
            problems.append(
                f"{place}: {value!r} is not {'a whole number' if kind is int else 'a number'} "
                f"from {lowest} to {_LIMITS[name]}."
            )
            return None
        return number
    if not isinstance(value, str):
        problems.append(f"{place}: {value!r} is not text.")
        return None
    return value


def _profile(asked: Mapping[str, Any], problems: list[str]) -> Profile:
    name = asked.get("profile", "standard")
    _check_word("profile", name, PROFILES, problems)
    profile = PROFILES.get(name, PROFILES["standard"])
    changes: dict[str, Any] = {key: asked[key] for key in ("rounds", "blocks") if key in asked}
    if "users" in asked:
        changes["users"] = (asked["users"],)
    if "connection" in asked:
        _check_word("connection", asked["connection"], CONNECTIONS, problems)
        changes["connections"] = (asked["connection"],)
    return replace(profile, **changes)


def _servers(
    names: Sequence[str], root: Path, environment: Mapping[str, str], problems: list[str]
) -> tuple[Server, ...]:
    try:
        known = load_servers(root / COMPOSE_FILE, environment)
    except UsageError as error:
        problems += error.problems
        return ()
    for name in names:
        _check_word("server", name, known, problems)
    chosen = [known[name] for name in dict.fromkeys(names) if name in known]
    return tuple(chosen if names else (server for server in known.values() if server.default))


def _combinations(
    asked: Mapping[str, Any], profile: Profile, root: Path, problems: list[str]
) -> tuple[tuple[App, Scenario], ...]:
    try:
        apps = load_apps(root / APPS_FILE)
        app = _app(asked.get("app", DEFAULT_APP), apps, problems)
    except UsageError as error:
        problems += error.problems
        return ()
    names = asked.get("scenarios", ())
    for name in names:
        _check_word("scenario", name, SCENARIOS, problems)
    if app is None:
        return ()
    if not names:
        fitting = [name for name in profile.scenarios if name in app.scenarios]
        names = fitting or app.scenarios[:1]
        if "app" not in asked:
            names = profile.scenarios
    found: list[tuple[App, Scenario]] = []
    for name in dict.fromkeys(names):
        fits = app if name in app.scenarios else None
        if fits is None and "app" not in asked:
            fits = next((other for other in apps.values() if name in other.scenarios), None)
        if fits is not None:
            found.append((fits, SCENARIOS[name]))
        elif name in SCENARIOS:
            problems.append(
                f"scenario {name!r} does not fit app {app.name!r}, which has: {', '.join(app.scenarios)}."
            )
    return tuple(found)


def _app(name: str, apps: Mapping[str, App], problems: list[str]) -> App | None:
    if name in apps:
        return apps[name]
    if ":" in name:
        return app_from_callable(name)
    problems.append(
        f"there is no app {name!r}{_hint(name, apps)}. Known are {', '.join(apps)}; any other is named "
        f"module:callable."
    )
    return None


def _for_targets(names: Sequence[str], problems: list[str]) -> tuple[tuple[App, Scenario], ...]:
    """What runs already is measured with scenarios that neither need nor leave anything there."""
    fitting = tuple(s.name for s in SCENARIOS.values() if not s.seeded and not s.writes)
    app = App("external", "", fitting, redis=False, seed=())
    for name in names:
        if name in SCENARIOS and name not in fitting:
            problems.append(
                f"scenario {name!r} needs stored links, which --target does not write. "
                f"Use one of: {', '.join(fitting)}."
            )
        else:
            _check_word("scenario", name, SCENARIOS, problems)
    return tuple((app, SCENARIOS[name]) for name in names or ("get",) if name in fitting)


def _targets(values: Sequence[str], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, equals, url = value.partition("=")
        try:
            address = urlsplit(url)
            usable = address.scheme == "http" and bool(address.hostname) and (address.port or 80) > 0
        except ValueError:
            usable = False
        if not (name and equals and usable):
            problems.append(
                f"--target {value!r} is not NAME=http://HOST:PORT (https can't be measured: its cost is not "
                f"the server's)."
            )
        elif name in found:
            problems.append(f"--target names {name!r} twice. Give each its own name.")
        else:
            found[name] = f"http://{address.netloc}"
    return found


def _check_word(what: str, word: str, known: Mapping[str, Any] | Sequence[str], problems: list[str]) -> None:
    if word not in known:
        problems.append(f"there is no {what} {word!r}{_hint(word, known)}. Known are {', '.join(known)}.")


def _hint(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
