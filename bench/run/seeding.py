"""Fills the template database, once for a run: every other is copied from it."""

from __future__ import annotations

from bench.deploy import Runtime
from bench.live.progress import Reporter
from bench.model import Plan


def seed(plan: Plan, runtime: Runtime, reporter: Reporter) -> None:
    """With what the applications of a plan are measured with; nothing where none needs anything."""
    for deployment in plan.deployments:
        if deployment.app.seed:
            reporter.phase(f"storing what {deployment.app.name} is measured with")
            runtime.seed(deployment)
            return
