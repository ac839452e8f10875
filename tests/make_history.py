"""Runs of many days, as the index finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.analysis import analyse
from bench.model import Suite
from bench.store import Writer
from tests.make_suite import make_suite, without_trials

FIRST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RATES = {"wsgiref": 700.0, "gunicorn": 3000.0}


def run_of(day: int, rates: Mapping[str, float] = RATES, *, gunicorn: str = "27.0.1", **how: Any) -> Suite:
    """A run of three rounds, so many days after `FIRST`.

    Args:
        gunicorn: the version that was installed.
        how: for `make_suite`.
    """
    suite = make_suite(rates, **{"rounds": 3, "blocks": 8, "seed": day, **how})
    started = FIRST + timedelta(days=day)
    return replace(
        suite,
        id=f"{started:%Y%m%dT%H%M%SZ}-{suite.environment.host}",
        started=started.isoformat(),
        environment=replace(suite.environment, versions={**suite.environment.versions, "gunicorn": gunicorn}),
    )


def store(suite: Suite, results: Path, name: str = "") -> Path:
    """Write it as a run would; return its directory."""
    directory = results / (name or suite.id)
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments, failures=suite.failures)
        writer.finish(complete=suite.complete, finished=suite.finished)
    return directory
