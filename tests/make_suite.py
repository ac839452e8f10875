"""Synthetic suites: what a run would have stored, drawn from known rates and variances."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from bench.model import (
    App,
    Calibration,
    Case,
    Closed,
    CpuSplit,
    Deployment,
    DeploymentRecord,
    Environment,
    Failure,
    Load,
    Open,
    OwnCalls,
    OwnCost,
    Plan,
    Server,
    Suite,
    Trial,
    TrialLength,
)
from bench.model.project import Project
from bench.model.variant import ITSELF, OLD, TWIN, Source, Variant

CLOSED_S = 0.1
OPEN_S = 1.0
USERS = 16
BEFORE = Source("main", "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d")


def make_suite(
    rates: Mapping[str, float],
    *,
    twin: str | None = None,
    rounds: int = 6,
    blocks: int = 30,
    open_rate: float | None = 600.0,
    shares: Sequence[float] = (),
    claims: bool = True,
    error_share: Mapping[str, float] | None = None,
    failures: Sequence[Failure] = (),
    absent: Sequence[str] = (),
    restart_sd: float = 0.005,
    noise_sd: float = 0.03,
    histograms: bool = True,
    seed: int = 1,
) -> Suite:
    """A complete run.

    Args:
        rates: the true closed-load rate of each server, right answers a second.
        twin: the server that is deployed twice.
        open_rate: requests due a second; None for a run without open load.
        shares: of each server's own rate, at which open load is offered beside that.
        error_share: of each server's requests, how many are answered wrongly.
        absent: servers without a single trial.
        restart_sd, noise_sd: of the logarithm of the rate, between rounds and between blocks.
    """
    variants = [*((name, ITSELF) for name in rates), *([(twin, Variant(TWIN))] if twin else [])]
    deployments = tuple(_deployment(*one, database) for database, one in enumerate(variants, 1))
    loads = [Closed(USERS), *([Open(256, open_rate)] if open_rate else [])]
    cases = (
        *(_case(deployment, load) for load in loads for deployment in deployments),
        *(
            _case(d, Open(256, round(_true_rate(rates, d) * share), share=share))
            for share in shares
            for d in deployments
        ),
    )
    plan = _plan(deployments, cases, rounds, blocks, claims, open_rate, seed)
    draw = np.random.default_rng(seed)
    trials: list[Trial] = []
    for round_ in range(1, rounds + 1):
        levels = {d.name: _true_rate(rates, d) * np.exp(draw.normal(0, restart_sd)) for d in deployments}
        for model in dict.fromkeys(case.load.model for case in cases):
            for block in range(blocks if model == "closed" else plan.open_blocks):
                shared = draw.standard_t(4) * noise_sd
                chosen = [c for c in cases if c.load.model == model and c.server not in absent]
                for order, case in enumerate(chosen):
                    rate = levels[case.deployment] * np.exp(shared + draw.standard_t(4) * noise_sd)
                    share = (error_share or {}).get(case.server, 0.0)
                    at_s = len(trials) * 0.25
                    make = _closed if model == "closed" else _open
                    trial = make(case, (round_, block, order), at_s, float(rate), share, plan)
                    trials.append(trial if histograms else _without_histograms(trial))
    return Suite(
        schema_version=1,
        id="20260102T030405Z-testhost",
        started="2026-01-02T03:04:05+00:00",
        finished="2026-01-02T03:09:05+00:00",
        complete=True,
        environment=_environment(),
        plan=plan,
        calibration=Calibration(60_000.0, 20_000.0, 0.00005),
        trials=tuple(trials),
        deployments=tuple(
            _record(d, round_)
            for round_ in range(1, rounds + 1)
            for d in deployments
            if d.server.name not in absent
        ),
        failures=tuple(failures),
    )


def make_versions(
    new: Mapping[str, float],
    old: Mapping[str, float],
    *,
    fail_if: tuple[str, ...] = (),
    rounds: int = 6,
    noise_sd: float = 0.03,
    twin: str | None = "gunicorn",
    open_rate: float | None = None,
    seed: int = 1,
    error_share: Mapping[str, float] | None = None,
) -> Suite:
    """A run with an old version of some servers, which costs as much memory and time to start.

    Args:
        new, old: the true rates of each version, by server.
    """
    rates = {**new, **{name + OLD.suffix: rate for name, rate in old.items()}}
    suite = make_suite(
        rates, rounds=rounds, twin=twin, open_rate=open_rate, seed=seed, noise_sd=noise_sd,
        error_share=error_share, histograms=open_rate is not None,
    )  # fmt: skip
    plan = suite.plan
    own = {(record.deployment, record.round): record for record in suite.deployments}

    def marked(deployment: Deployment) -> Deployment:
        if not deployment.server.name.endswith(OLD.suffix):
            return deployment
        plain = deployment.server.name.removesuffix(OLD.suffix)
        return replace(
            deployment,
            server=replace(deployment.server, name=plain, title=plain),
            variant=Variant(OLD, BEFORE),
        )

    return replace(
        suite,
        plan=replace(
            plan,
            deployments=tuple(map(marked, plan.deployments)),
            against=BEFORE,
            fail_if=fail_if,
        ),
        deployments=tuple(
            replace(own.get((r.deployment.replace(OLD.suffix, ""), r.round), r), deployment=r.deployment)
            for r in suite.deployments
        ),
    )


def make_own(suite: Suite, line: str, own_cost: OwnCost) -> Suite:
    """The same run, of an application in a project of somebody's.

    Args:
        line: the server that is the user's own line, and the baseline.
    """
    name = "mysite.wsgi:application"
    project = Project("/srv/mysite", "/srv/mysite/.venv/bin/python", name)
    app = App("mysite", name, ("mixed",), redis=False, seed=(), project=project)
    own = {d.name: replace(d.server, own=d.server.name == line) for d in suite.plan.deployments}
    deployments = tuple(replace(d, app=app, server=own[d.name]) for d in suite.plan.deployments)
    cases = tuple(replace(case, app=app.name) for case in suite.plan.cases)
    given = {"server": ("gunicorn.conf.py",), "servers": ("waitress", "uwsgi")}
    plan = replace(suite.plan, deployments=deployments, cases=cases, baseline=line, given=given)
    return replace(suite, plan=plan, own_cost=own_cost)


def own_calls(cpu_s: float, *, wait_s: float = 0.0, rounds: int = 6, **known: Any) -> OwnCost:
    """An application that costs so much a request, within a percent."""
    calls = tuple(OwnCalls(n, 1000, cpu_s * (1 + 0.01 * (-1) ** n), wait_s) for n in range(1, rounds + 1))
    return OwnCost(**{"scenario": "mixed", "calls": calls, "covered": 1.0, "requests": ("GET /",), **known})


def at_rate(suite: Suite, rate: float) -> Suite:
    """The same run, as if open load had been of this rate: to offer a million a second takes seconds."""
    cases = tuple(
        replace(case, load=replace(case.load, rate=rate)) if isinstance(case.load, Open) else case
        for case in suite.plan.cases
    )
    return replace(suite, plan=replace(suite.plan, rate=rate, cases=cases))


def without_trials(suite: Suite) -> Suite:
    """The suite as it was when the run started."""
    values = {name: getattr(suite, name) for name in suite.__dataclass_fields__}
    empty = {"trials": (), "deployments": (), "failures": (), "gaps": (), "finished": None, "complete": False}
    return Suite(**{**values, **empty})


@cache
def encoded(median_us: int, count: int) -> str:
    """A histogram of log-normal times around a median."""
    histogram = HdrHistogram(1, 60_000_000, 3)
    draw = random.Random(f"{median_us} {count}")
    for _ in range(count):
        histogram.record_value(max(1, round(draw.lognormvariate(0, 0.4) * median_us)))
    text: bytes = histogram.encode()
    return text.decode("ascii")


def _true_rate(rates: Mapping[str, float], deployment: Deployment) -> float:
    return rates[deployment.server.name]


def _deployment(server_name: str, variant: Variant, database: int) -> Deployment:
    server = Server(
        name=server_name,
        title=server_name,
        command=(server_name, "--workers", "1", "--threads", "4", "apps.shortly.wsgi:application"),
        environment={"APP": "apps.shortly.wsgi:application", "WORKERS": "1", "THREADS": "4"},
        workers=1,
        threads=4,
        keep_alive=server_name.removesuffix(OLD.suffix) != "wsgiref",
        concurrency="1 process, 4 threads",
        default=True,
        docs="https://docs.example/settings",
        package=server_name,
        stop_signal="SIGTERM",
        stop_grace_s=10.0,
    )
    app = App(
        name="shortly",
        callable="apps.shortly.wsgi:application",
        scenarios=("mixed", "follow"),
        redis=True,
        seed=("python", "-m", "apps.shortly.seed", "--links", "1000"),
    )
    return Deployment(f"{server_name}{variant.kind.suffix}.shortly", server, app, database, variant)


def _case(deployment: Deployment, load: Load) -> Case:
    server = deployment.label
    return Case(f"{server}/shortly/mixed/{load.name}", server, "shortly", "mixed", deployment.name, load)


def _plan(
    deployments: tuple[Deployment, ...],
    cases: tuple[Case, ...],
    rounds: int,
    blocks: int,
    claims: bool,
    rate: float | None,
    seed: int,
) -> Plan:
    return Plan(
        profile="standard" if claims else "smoke",
        runtime="local",
        seed=seed,
        rounds=rounds,
        blocks=blocks,
        open_blocks=max(1, (blocks + 5) // 10),
        trial_s=TrialLength(CLOSED_S, OPEN_S),
        warmup_s=1.0,
        users=USERS,
        rate=rate,
        claims=claims,
        deployments=deployments,
        cases=cases,
        expected_s=300.0,
    )


def _closed(
    case: Case, place: tuple[int, int, int], at_s: float, rate: float, share: float, plan: Plan
) -> Trial:
    answers = max(1, round(rate * plan.trial_s.closed))
    failed = round(answers * share)
    ok = answers - failed
    mean_s = plan.users / rate
    return Trial(
        case=case.id,
        round=place[0],
        block=place[1],
        order=place[2],
        at_s=at_s,
        duration_s=answers / rate,
        offered=answers,
        ok=ok,
        answers=float(ok),
        failed=failed,
        dropped=0,
        dropped_late=0,
        unfinished=0,
        errors={"status": failed} if failed else {},
        connections=0 if _keeps(case) else answers,
        lost=0,
        mean_s=mean_s,
        cpu_s=0.95 * answers / rate,
        generator_cpu=0.35,
        histograms={"latency/follow": encoded(_rounded(mean_s), 300)},
        host={"steal_s": 0.0, "listen_overflows": 0.0, "listen_drops": 0.0},
    )


def _open(
    case: Case, place: tuple[int, int, int], at_s: float, rate: float, share: float, plan: Plan
) -> Trial:
    offered_rps = case.load.rate or 0.0
    due = round(offered_rps * plan.trial_s.open)
    failed = round(due * share)
    latency_s = 1.2 / max(rate - offered_rps, 1.0)
    return Trial(
        case=case.id,
        round=place[0],
        block=place[1],
        order=place[2],
        at_s=at_s,
        duration_s=plan.trial_s.open,
        offered=due,
        ok=due - failed,
        answers=float(due - failed),
        failed=failed,
        dropped=0,
        dropped_late=0,
        unfinished=0,
        errors={"status": failed} if failed else {},
        connections=0 if _keeps(case) else due,
        lost=0,
        mean_s=latency_s,
        cpu_s=0.95 * due / rate,
        generator_cpu=0.1,
        histograms={
            "latency/follow": encoded(_rounded(latency_s), due),
            "service/follow": encoded(_rounded(latency_s * 0.9), due),
            "lateness/follow": encoded(40, due),
        },
        host={"steal_s": 0.0},
    )


def _keeps(case: Case) -> bool:
    return not case.server.startswith("wsgiref")


def _rounded(seconds: float) -> int:
    """Microseconds in steps of 5 %, so that few histograms have to be made."""
    return round(1.05 ** round(math.log(max(seconds, 1e-6) * 1e6) / math.log(1.05)))


def _without_histograms(trial: Trial) -> Trial:
    values = {name: getattr(trial, name) for name in trial.__dataclass_fields__}
    return Trial(**{**values, "histograms": {}})


def _record(deployment: Deployment, round_: int) -> DeploymentRecord:
    base = 30_000_000 + 4_000_000 * deployment.database
    return DeploymentRecord(deployment.name, round_, 0.4 + 0.01 * round_, base, base + 3_000_000, None, True)


def _environment() -> Environment:
    return Environment(
        cpu_model="Example CPU 3000",
        cpus=2,
        memory_bytes=4_000_000_000,
        kernel="6.12.0",
        os="Debian GNU/Linux 13 (trixie)",
        host="testhost",
        python="3.13.5",
        runtime="local",
        docker=None,
        versions={"gunicorn": "27.0.1", "waitress": "3.0.2"},
        images={},
        cpu_split=CpuSplit((1,), (0,), (0,)),
        notes=("the server has one CPU to itself",),
    )
