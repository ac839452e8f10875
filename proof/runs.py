"""Whole runs of the harness, kept on disk so that an interrupted proof goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.ask.resolution import ENVIRONMENT_PREFIX
from bench.live.progress import Reporter
from bench.machine import process
from bench.model import Plan, Suite
from bench.model.errors import EXIT_NOT_VALID, EXIT_SERVER_FAILED, BenchError
from bench.run.session import measure, resume
from bench.store import JOURNAL, RESULT, load
from proof.evidence import Archive
from proof.machine import ROOT, affinity_restored

_GRACE_S = 30.0
_DONE = (0, EXIT_SERVER_FAILED, EXIT_NOT_VALID)

Watch = Callable[[subprocess.Popen[bytes]], None]
MakeRuns = Callable[[Archive], Sequence[Suite]]


def is_complete(directory: Path) -> bool:
    return (directory / RESULT).exists() and load(directory).complete


def harness_run(
    directory: Path,
    *options: str,
    verb: str = "run",
    whole: bool = False,
    watch: Watch | None = None,
) -> Suite:
    """`wsgi-bench run`, or another verb, with the standard profile's settings and nothing of this machine's.

    Args:
        options: beside the directory.
        whole: begin anew what was interrupted, instead of resuming it.
        watch: called once it runs; may return before it ends.

    Raises:
        BenchError: the run failed.
    """
    if is_complete(directory):
        return load(directory)
    started = (directory / RESULT).exists() or (directory / JOURNAL).exists()
    if started and not whole:
        words = ["resume", str(directory), "--quiet"]
    else:
        shutil.rmtree(directory, ignore_errors=True)
        words = [verb, "--profile", "standard", "--out", str(directory), "--quiet", *options]
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "harness.log"
    with log.open("wb") as output:
        child = process.spawn(
            [sys.executable, "-m", "bench", *words],
            environment={k: v for k, v in os.environ.items() if not k.startswith(ENVIRONMENT_PREFIX)},
            cwd=ROOT,
            stdout=output,
        )
        try:
            if watch is not None:
                watch(child)
            code = child.wait()
        finally:
            process.stop(child, signal.SIGTERM, _GRACE_S)
    if code not in _DONE:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        raise BenchError(f"`wsgi-bench {words[0]}` ended with exit code {code}:\n{tail}")
    return load(directory)


def planned_run(directory: Path, plan: Plan) -> Suite:
    """A run of servers that no list has, in this process; an interrupted one is resumed."""
    if is_complete(directory):
        return load(directory)
    with affinity_restored(), Reporter(quiet=True) as reporter:
        if (directory / RESULT).exists():
            return resume(directory, ROOT, reporter).suite
        shutil.rmtree(directory, ignore_errors=True)
        return measure(plan, ROOT, directory, reporter).suite
