"""Runs of gunicorn that differ from each other in one environment variable of the application behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.analysis.cases import measured
from bench.analysis.measured import Measured
from bench.ask.resolution import APPS_FILE, COMPOSE_FILE
from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.model import Plan, Server, Suite
from bench.plan.layout import PROFILES, Profile, make_plan
from proof.machine import ROOT


@dataclass(frozen=True)
class Size:
    """Rounds and blocks of a run."""

    rounds: int
    blocks: int

    def profile(self, *, twin: bool) -> Profile:
        return replace(PROFILES["standard"], rounds=self.rounds, blocks=self.blocks, twin=twin)


def server(name: str, variable: str, value: str) -> Server:
    """gunicorn as it is measured by default, but for its name and this variable."""
    gunicorn = load_servers(ROOT / COMPOSE_FILE)["gunicorn"]
    return replace(gunicorn, name=name, title=name, environment={**gunicorn.environment, variable: value})


def plan(profile: Profile, app: str, servers: Sequence[Server], seed: int) -> Plan:
    """Of servers with Shortly as the module `proof.<app>` has it."""
    shortly = load_apps(ROOT / APPS_FILE)["shortly"]
    changed = replace(shortly, name=app, callable=f"proof.{app}:application")
    return make_plan(profile, "local", servers, [(changed, SCENARIOS["mixed"])], seed=seed, rate=None)


def closed(suite: Suite, server: str) -> Measured:
    """What was measured of a server under closed load."""
    return next(
        m for m in measured(suite).values() if m.case.server == server and m.case.load.model == "closed"
    )
