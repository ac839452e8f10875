"""What the user asked for, checked as a whole before anything starts.

A flag wins over an environment variable (`WSGI_BENCH_*`), that over `bench.toml`, that over the profile.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.ask.against import Old, check_limits, check_packages, check_use, resolve_old
from bench.ask.given import ENVIRONMENT_PREFIX as ENVIRONMENT_PREFIX
from bench.ask.given import hint, merged
from bench.ask.targets import EXTERNAL, FITTING, read_targets
from bench.catalogue.application import check as check_applications
from bench.catalogue.consent import Addresses, look_up
from bench.catalogue.registry import APPS_FILE as APPS_FILE
from bench.catalogue.registry import app_from_callable, load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.request import Scenario
from bench.catalogue.versions import COMPOSE_FILE as COMPOSE_FILE
from bench.model import TIMEOUT_S, App, Client, Server
from bench.model.errors import UsageError
from bench.plan.layout import CLIENTS as CLIENTS
from bench.plan.layout import CONNECTIONS as CONNECTIONS
from bench.plan.layout import PROFILES, Profile
from bench.store import why_taken

DEFAULT_APP = "shortly"
RUNTIMES = ("auto", "local", "compose")
# The packages that servers/Dockerfile copies.
_IN_IMAGES = ("apps", "servers")


@dataclass(frozen=True)
class Settings:
    """A run as it was asked for, resolved and valid.

    Attributes:
        runtime_reason: why it isn't the runtime that was asked for; empty if it is.
        targets: name to URL of servers that run already; empty to deploy `servers`.
        addresses: behind each target's host, by name: where its load goes.
        processes: of the load generator; None for one for each of its CPUs.
        combinations: each app with a scenario that it is measured with.
        out: directory for the run's files; None for `results/<UTC time>-<host>/`.
        old: the version that is measured beside this one; None without.
        fail_if: limits for what changes from it.
        minutes: that the run may take; None for as long as it takes.
        adapts: whether rounds and blocks are the profile's, and not the user's own.
        timeout_s: how long one request may take.
        given: by name, what asks for the same run again: all that was given but the directory, and what was
            drawn or chosen instead.
    """

    profile: Profile
    runtime: str
    runtime_reason: str
    servers: tuple[Server, ...]
    targets: Mapping[str, str]
    addresses: Mapping[str, Addresses]
    combinations: tuple[tuple[App, Scenario], ...]
    rate: float | None
    seed: int
    processes: int | None
    client: Client
    out: Path | None
    old: Old | None
    fail_if: tuple[str, ...]
    minutes: float | None
    adapts: bool
    timeout_s: float
    given: Mapping[str, Any]


def resolve(
    flags: Mapping[str, Any],
    root: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    beyond: bool = False,
) -> Settings:
    """Merge flags, environment, `bench.toml` and profile.

    Args:
        flags: option name to value; None or empty where the option wasn't given.
        root: the checkout.
        beyond: whether targets may be other machines. No setting: files and environments may be a stranger's.

    Raises:
        UsageError: with every problem found.
    """
    problems: list[str] = []
    asked = merged(flags, root, environment, problems)
    profile = _profile(asked, problems)
    _check_word("runtime", asked.get("runtime", "auto"), RUNTIMES, problems)
    _check_word("client", asked.get("client", "loop"), CLIENTS, problems)
    targets = read_targets(asked.get("target", ()), problems)
    addresses = look_up(targets, problems, allowed=beyond)
    servers: tuple[Server, ...] = ()
    runtime, reason = "external", ""
    if asked.get("target"):
        if asked.get("servers"):
            problems.append(
                "--servers and --target exclude each other: the first deploys servers, the second measures "
                "what runs already. Leave one out."
            )
        if asked.get("against"):
            problems.append(
                "--against and --target exclude each other: of what runs already there is no old version to "
                "deploy. Name it as a second --target, which is compared with the first."
            )
        combinations = _for_targets(asked.get("scenarios", ()), problems)
    else:
        servers = _servers(asked.get("servers", ()), root, environment, problems)
        combinations = _combinations(asked, profile, root, problems)
        check_applications((app.callable for app, _ in combinations), root, environment, problems)
        runtime, reason = _runtime(asked, combinations, problems)
    out = _out(asked, problems)
    old = None
    check_use(asked.get("against"), asked.get("fail_if"), profile, servers, problems)
    check_limits(asked.get("fail_if", ()), servers, combinations, problems)
    if asked.get("against") and runtime != "external":
        old = resolve_old(asked["against"], root, environment, servers, combinations, problems)
        check_packages(old, runtime, problems)
    if problems:
        raise UsageError(*problems)
    seed = asked["seed"] if asked.get("seed") is not None else random.SystemRandom().getrandbits(32)
    return Settings(
        profile=profile,
        runtime=runtime,
        runtime_reason=reason,
        servers=servers,
        targets=targets,
        addresses=addresses,
        combinations=combinations,
        rate=asked.get("rate"),
        seed=seed,
        processes=asked.get("processes"),
        client=asked.get("client", "loop"),
        out=out,
        old=old,
        fail_if=asked.get("fail_if", ()),
        minutes=asked.get("minutes"),
        adapts=not {"rounds", "blocks"} & asked.keys(),
        timeout_s=float(asked.get("timeout", TIMEOUT_S)),
        given=_given(asked, profile, servers, combinations, seed),
    )


def _given(
    asked: Mapping[str, Any],
    profile: Profile,
    servers: Sequence[Server],
    combinations: Sequence[tuple[App, Scenario]],
    seed: int,
) -> Mapping[str, Any]:
    found: dict[str, Any] = {"profile": profile.name}
    if servers:
        found["servers"] = tuple(server.name for server in servers)
    found["scenarios"] = tuple(scenario.name for _, scenario in combinations)
    found |= {name: asked[name] for name in sorted(asked) if name not in ("out", *found)}
    return {**found, "seed": seed}


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
    if ":" in name or name.endswith(".py"):
        return app_from_callable(name)
    problems.append(
        f"there is no app {name!r}{hint(name, apps)}. Known are {', '.join(apps)}; any other is named "
        f"module:callable."
    )
    return None


def _for_targets(names: Sequence[str], problems: list[str]) -> tuple[tuple[App, Scenario], ...]:
    for name in names:
        if name in SCENARIOS and name not in FITTING:
            problems.append(
                f"scenario {name!r} needs stored links, which --target does not write. "
                f"Use one of: {', '.join(FITTING)}."
            )
        else:
            _check_word("scenario", name, SCENARIOS, problems)
    return tuple((EXTERNAL, SCENARIOS[name]) for name in names or ("get",) if name in FITTING)


def _runtime(
    asked: Mapping[str, Any], combinations: Sequence[tuple[App, Scenario]], problems: list[str]
) -> tuple[str, str]:
    """The runtime, and why it isn't the one that was asked for: an app from elsewhere is in no image."""
    name: str = asked.get("runtime", "auto")
    for app, _ in combinations:
        if app.callable.partition(":")[0].partition(".")[0] in _IN_IMAGES:
            continue
        reason = f"{app.callable} is in no image: these hold {'/ and '.join(_IN_IMAGES)}/ of this checkout"
        if name == "auto":
            return "local", f"runtime local: {reason}"
        if name == "compose":
            problems.append(
                f"--runtime compose: {reason}. Measure it with --runtime local, or add it to apps/ "
                f'(README.md, "Adding a server or an application").'
            )
            break
    return name, ""


def _out(asked: Mapping[str, Any], problems: list[str]) -> Path | None:
    """The directory for the run's files, if it can become one: new, or without a result."""
    if not asked.get("out"):
        return None
    out = Path(asked["out"])
    try:
        there = next(path for path in (out, *out.absolute().parents) if path.exists())
        if not there.is_dir():
            problems.append(f"--out {out}: {there} is a file, not a directory. Choose another place.")
        elif taken := why_taken(out):
            problems.append(taken)
    except OSError as error:
        problems.append(f"--out {out}: {error.strerror}. Choose another place.")
    return out


def _check_word(what: str, word: str, known: Mapping[str, Any] | Sequence[str], problems: list[str]) -> None:
    if word not in known:
        problems.append(f"there is no {what} {word!r}{hint(word, known)}. Known are {', '.join(known)}.")
