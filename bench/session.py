"""One run from start to end: directory, runtime, driver, loop, result, reports."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import process
from bench.analysis import analyse
from bench.deploy import Runtime
from bench.deploy.select import open_runtime
from bench.environment import describe, split_cpus
from bench.errors import EXIT_NOT_VALID, EXIT_SERVER_FAILED, Interrupted
from bench.interrupt import shield
from bench.load.client import LoadDriver
from bench.model import Analysis, CpuSplit, Plan, Suite
from bench.progress import Reporter
from bench.report import FORMATS
from bench.report.index import write_index
from bench.runner import Runner
from bench.store import SCHEMA_VERSION, Writer

_FILES = {"html": "report.html", "md": "report.md"}
_WRONG_ANSWERS = "errors"


@dataclass(frozen=True)
class Outcome:
    """What a run ended with."""

    directory: Path
    suite: Suite
    analysis: Analysis
    exit_code: int


def result_directory(root: Path, out: Path | None, now: datetime) -> Path:
    """The directory of a new run: as asked, else `results/<UTC time>-<host>`."""
    if out is not None:
        return out.resolve()
    name = f"{now:%Y%m%dT%H%M%SZ}-{socket.gethostname()}"
    return root / "results" / name


def measure(plan: Plan, root: Path, directory: Path, reporter: Reporter) -> Outcome:
    """Measure a new plan.

    Raises:
        Interrupted: by a signal; the result was written, with `complete` false.
        BenchError: anything else that ended the run; what was measured is saved.
    """
    started = datetime.now(UTC)
    cpus = split_cpus()
    runtime = open_runtime(plan, root, directory, cpus, reporter.phase)
    suite = Suite(
        schema_version=SCHEMA_VERSION,
        id=f"{started:%Y%m%dT%H%M%SZ}-{socket.gethostname()}",
        started=started.isoformat(timespec="seconds"),
        finished=None,
        complete=False,
        environment=_environment(plan, runtime, cpus),
        plan=plan,
        calibration=None,
        trials=(),
        deployments=(),
        failures=(),
    )
    with Writer.create(directory, suite, analyse) as writer:
        return _work(plan, runtime, writer, reporter, root, cpus, done=frozenset())
