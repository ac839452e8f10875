"""A standard run of two servers and a twin before its first trial: closed load alone, on no machine."""

from __future__ import annotations

from dataclasses import replace

from bench.catalogue.scenarios import SCENARIOS
from bench.model import Closed, CpuSplit, Deployment, Environment, Suite, Trial, TrialOrder
from bench.model.variant import ITSELF, TWIN, Variant
from bench.plan.duration import expected_s
from bench.plan.layout import PROFILES, case_of, make_plan
from bench.run.calibrate import NULL_DEPLOYMENT, NULL_SERVER

SLOW, PLAIN = "slow", "plain"
USERS = 16
_VARIANTS = ((SLOW, ITSELF), (PLAIN, ITSELF), (PLAIN, Variant(TWIN)))
# The profile's is shorter, and with it the pilot: another draw than that of the documented figures.
_WARMUP_S = 1.0
_SCENARIO = SCENARIOS["hello"]


def planned(seed: int) -> Suite:
    """What is stored of the slow server, the plain one and its twin when the run starts."""
    deployments = tuple(
        Deployment(
            f"{name}{variant.kind.suffix}",
            replace(NULL_SERVER, name=name, title=name),
            NULL_DEPLOYMENT.app,
            number,
            variant,
        )
        for number, (name, variant) in enumerate(_VARIANTS, start=1)
    )
    plan = replace(
        make_plan(PROFILES["standard"], "local", [], [], seed=seed, rate=None),
        deployments=deployments,
        cases=tuple(case_of(deployment, _SCENARIO, Closed(USERS)) for deployment in deployments),
        open_blocks=1,
        warmup_s=_WARMUP_S,
    )
    return Suite(
        schema_version=1,
        id="virtual",
        started="2026-01-01T00:00:00+00:00",
        finished=None,
        complete=False,
        environment=Environment(
            cpu_model="",
            cpus=1,
            memory_bytes=0,
            kernel="",
            os="",
            host="",
            python="",
            runtime=plan.runtime,
            docker=None,
            versions={},
            images={},
            cpu_split=CpuSplit((0,), (0,), (0,)),
        ),
        plan=replace(plan, expected_s=expected_s(plan)),
        calibration=None,
        trials=(),
        deployments=(),
        failures=(),
    )


def answered(order: TrialOrder, number: int) -> Trial:
    """A trial of so many requests, each answered rightly; how long they took is to be added."""
    return Trial(
        case=order.case,
        round=order.round,
        block=order.block,
        order=order.order,
        at_s=0.0,
        duration_s=order.length_s,
        offered=number,
        ok=number,
        answers=float(number),
        failed=0,
        dropped=0,
        dropped_late=0,
        unfinished=0,
        errors={},
        connections=0,
        lost=0,
        mean_s=None,
        cpu_s=None,
        generator_cpu=0.0,
        begun=number,
    )
