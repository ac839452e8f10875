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

from bench.ask import generators
from bench.ask.chosen import Combinations, of_ones_own, of_the_catalogue, what_runs_already
from bench.ask.configfile import config_file
from bench.ask.limits import asked_limits, require_cpus_for
from bench.ask.locust import Asked, read_locustfile
from bench.ask.old_version import Old, resolve_old, wrong_limits, wrong_use
from bench.ask.outdir import out_directory
from bench.ask.own import asks_something, own_scenario, shown
from bench.ask.ownapp import CONTAINERS_HOST, OwnApp, in_containers
from bench.ask.precedence import ENVIRONMENT_PREFIX as ENVIRONMENT_PREFIX
from bench.ask.precedence import merged
from bench.ask.servers import own_line, runtime_in_context, wrong_client
from bench.ask.settings import SETTINGS, defaults
from bench.ask.until import wrong_until
from bench.ask.whose import is_own, of_nobody, wrong_scenarios
from bench.ask.words import check_word
from bench.catalogue.consent import Addresses
from bench.catalogue.registry import APPS_FILE as APPS_FILE
from bench.catalogue.scenarios.asked import made
from bench.catalogue.scenarios.locustfile import SCENARIO as OF_A_LOCUSTFILE
from bench.catalogue.scenarios.request import Scenario
from bench.catalogue.versions import COMPOSE_FILE as COMPOSE_FILE
from bench.model import App, Client, CpuSplit, Server
from bench.model.problems import Problems
from bench.model.surroundings import NO_LIMITS, Limits
from bench.plan.layout import PROFILES, Profile
from bench.plan.workers import read_workers, usable, with_workers


@dataclass(frozen=True)
class Settings:
    """A run as it was asked for, resolved and valid.

    Attributes:
        runtime_reason: why it isn't the runtime that was asked for; empty if it is.
        told: what is said before anything starts.
        targets: name to URL of servers that run already; empty to deploy `servers`.
        addresses: behind each target's host, by name: where its load goes.
        processes: of the load generator; None for one for each of its CPUs.
        combinations: each app with a scenario that it is measured with.
        baseline: the server or target that the others are multiples of: the one that was named, or the one
            line of the user's own; None for the first in rank.
        out: directory for the run's files; None for `results/<UTC time>-<host>/`.
        old: the version that is measured beside this one; None without.
        fail_if: limits for what changes from it.
        minutes: that the run may take; None for as long as it takes.
        until: to plus or minus which fraction ratios are to be known; None for the planned rounds.
        adapts: whether rounds and blocks are the profile's, and not the user's own.
        timeout_s: how long one request may take.
        server_cpus: how many each server gets; None for the usual share.
        docker_context: whose engine has the servers; empty for the current one.
        priority: whether what is started comes before other programs, where that is permitted.
        own: the application, where it is one of the user's own project.
        given: by name, what asks for the same run again: all that was given but the directory, and what was
            drawn or chosen instead.
        locust: the locust file whose users make the load; None without.
        generators: those of other hosts that make it; None where this host does.
        redis: host and port of one that runs already; None to start one.
        workers: how many worker processes servers are to have; `on_cpus` gives them to the servers.
    """

    profile: Profile
    runtime: str
    runtime_reason: str
    told: tuple[str, ...]
    servers: tuple[Server, ...]
    targets: Mapping[str, str]
    addresses: Mapping[str, Addresses]
    combinations: Combinations
    baseline: str | None
    rate: float | None
    seed: int
    processes: int | None
    client: Client
    out: Path | None
    old: Old | None
    fail_if: tuple[str, ...]
    minutes: float | None
    until: float | None
    adapts: bool
    timeout_s: float
    priority: bool
    own: OwnApp | None
    server_cpus: int | None
    docker_context: str
    limits: Limits
    given: Mapping[str, Any]
    locust: Asked | None
    generators: generators.Asked | None
    redis: str | None
    workers: str | None


def resolve(
    flags: Mapping[str, Any],
    root: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    beyond: bool = False,
    own: bool = False,
    here: Path | None = None,
    secret: str = "",
) -> Settings:
    """Merge flags, environment, `bench.toml` and profile.

    Args:
        flags: option name to value; None or empty where the option wasn't given.
        root: the checkout.
        own: whether the application is the user's own, named or not.
        here: the working directory, by default.
        secret: by which load generators of other hosts are known.
        beyond: whether targets may be other machines. No setting: files and environments may be a stranger's.

    Raises:
        UsageError: with every problem found.
    """
    with Problems() as problems:
        here = here or Path.cwd()
        given = merged(flags, config_file(root, here), environment, problems)
        asked = {**defaults(), **given}
        profile = _profile(given)
        with problems.collected():
            asked["runtime"] = runtime_in_context(asked)
        locust = read_locustfile(given, profile.users[0], problems)
        limits, workers = NO_LIMITS, None
        requests: Scenario | None = None
        own = own or is_own(asked, root, here)
        problems.note(*(wrong_scenarios(given.get("scenarios", ()), here) if own else ()))
        if own and not asks_something(given):
            given["url"] = ("/",)
        with problems.collected():
            if described := own_scenario(given):
                if own and (in_containers(asked) or asked["generators"]):
                    described = replace(described, host=described.host or CONTAINERS_HOST)
                requests = made(described)
        if locust is not None:
            requests, asked["client"] = OF_A_LOCUSTFILE, "locustfile"
        if asked["target"]:
            chosen = what_runs_already(asked, requests, problems, beyond=beyond)
        elif own:
            chosen = of_ones_own(asked, requests, locust, problems, root, here, environment)
        else:
            chosen = of_the_catalogue(asked, given, profile, requests, locust, problems, root, environment)
        given, asked = {**given, **chosen.found}, {**asked, **chosen.found}
        runtime, reason, servers = chosen.runtime, chosen.reason, chosen.servers
        problems.note(*wrong_client(asked["client"], servers))
        problems.note(*wrong_use(asked["against"], asked["fail_if"], profile, servers, own=own))
        problems.note(*wrong_limits(asked["fail_if"], servers, chosen.combinations))
        with problems.collected():
            limits = asked_limits(asked, runtime)
            workers = read_workers(asked["workers"])
        problems.note(*wrong_until(given, profile, len(servers) + len(chosen.targets)))
        if asked["baseline"] is not None and (
            measured := chosen.targets or [server.name for server in servers]
        ):
            with problems.collected():
                check_word("baseline", asked["baseline"], measured)
        elsewhere = None
        with problems.collected():
            elsewhere = generators.read_generators(asked, runtime, secret)
        problems.note(*generators.wrong_redis(asked["redis"], runtime))
        if (elsewhere or asked["redis"]) and runtime == "auto":
            runtime, reason = "local", "runtime local: containers are on networks of this machine alone"
        out = old = None
        with problems.collected():
            out = out_directory(asked["out"])
        if asked["against"] and runtime != "external" and not own:
            with problems.collected():
                old = resolve_old(asked["against"], root, environment, servers, chosen.combinations, runtime)
    seed = asked["seed"] if asked["seed"] is not None else random.SystemRandom().getrandbits(32)
    return Settings(
        profile=profile,
        runtime=runtime,
        runtime_reason=reason,
        told=() if own else tuple(of_nobody(given, root, here)),
        servers=servers,
        targets=chosen.targets,
        addresses=chosen.addresses,
        combinations=chosen.combinations,
        baseline=asked["baseline"] or own_line(servers),
        rate=asked["rate"],
        seed=seed,
        processes=1 if locust else asked["processes"],
        client=asked["client"],
        out=out,
        old=old,
        fail_if=asked["fail_if"],
        minutes=asked["minutes"],
        until=asked["until"],
        adapts=not {"rounds", "blocks"} & given.keys(),
        timeout_s=float(asked["timeout"]),
        # Of what runs already nothing is ours to prefer, and it may share the generator's CPU.
        priority=asked["priority"] == "auto" and runtime != "external",
        own=chosen.own,
        server_cpus=asked["server_cpus"],
        docker_context=asked["docker_context"] or "",
        limits=limits,
        given=_given(given, profile, servers, chosen.combinations, seed),
        locust=locust,
        generators=elsewhere,
        redis=asked["redis"],
        workers=workers,
    )


def on_cpus(asked: Settings, cpus: CpuSplit) -> Settings:
    """The same with as many workers as were asked for, or fit what servers may use.

    Raises:
        UsageError: servers run on fewer CPUs than they may use.
    """
    require_cpus_for(asked.limits, cpus)
    number = usable(cpus, asked.limits)
    old = asked.old and replace(asked.old, servers=with_workers(asked.old.servers, asked.workers, number))
    return replace(asked, servers=with_workers(asked.servers, asked.workers, number), old=old)


def _given(
    given: Mapping[str, Any],
    profile: Profile,
    servers: Sequence[Server],
    combinations: Sequence[tuple[App, Scenario]],
    seed: int,
) -> Mapping[str, Any]:
    settings: dict[str, Any] = {"profile": profile.name}
    named = tuple(server.name for server in servers if server.name in given.get("servers", (server.name,)))
    if named and ("servers" in given or "server" not in given):
        settings["servers"] = named
    if "locustfile" not in given:
        settings["scenarios"] = tuple(scenario.name for _, scenario in combinations if scenario.asked is None)
    again = (name for name in sorted(given) if SETTINGS[name].again and name not in settings)
    settings |= {name: shown(name, given[name]) for name in again if given[name] is not False}
    if not settings.get("scenarios", True):
        del settings["scenarios"]
    settings.pop("seed", None)
    return {**settings, "seed": seed}


def _profile(given: Mapping[str, Any]) -> Profile:
    """The profile, with what the user gave instead of its values."""
    profile = PROFILES[given.get("profile", SETTINGS["profile"].default)]
    changes: dict[str, Any] = {}
    for name in given.keys() - {"scenarios"}:
        if field := SETTINGS[name].profile:
            several = isinstance(getattr(profile, field), tuple)
            changes[field] = (given[name],) if several else given[name]
    return replace(profile, **changes)
