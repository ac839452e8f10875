"""Stops runs by SIGINT and SIGTERM at random moments, and looks for what they leave behind.

    python -m tests.stops --times 100                  # child processes
    python -m tests.stops --times 20 --runtime compose

Exit code 1 if a stop left anything (a process, and with it its ports, a cgroup, a container, a network),
ended in another way than the contract says, took too long, or damaged the result.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.deploy import cgroup
from bench.deploy.engine import Engine, find_engine
from bench.deploy.ownership import HARNESS_LABEL
from bench.machine.place import HERE
from bench.model.errors import BenchError, Interrupted
from bench.store import RESULT, load

ROOT = Path(__file__).parents[1]
RUN = (
    "run", "--profile", "smoke", "--servers", "gunicorn,uwsgi,waitress", "--scenarios", "mixed",
    "--rate", "200", "--blocks", "1",
)  # fmt: skip
_PR_SET_CHILD_SUBREAPER = 36
_END_S = {"local": 60.0, "compose": 180.0}
_WHOLE_S = 900.0
_LINGER_S = 30.0
_SIGNALS = (
    (signal.SIGINT,),
    (signal.SIGTERM,),
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGINT, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGTERM),
)


@dataclass(frozen=True)
class Stop:
    """How a run is stopped.

    Attributes:
        after_s: from its start to the first signal.
        gap_s: from the first signal to the second.
        group: whether all of its process group gets them, as from a terminal.
    """

    after_s: float
    signals: tuple[signal.Signals, ...]
    gap_s: float
    group: bool

    def __str__(self) -> str:
        names = "+".join(s.name for s in self.signals)
        return f"{names} to the {'group' if self.group else 'process'} after {self.after_s:.3f} s"


@dataclass(frozen=True)
class Ending:
    """What became of it.

    Attributes:
        code: exit code, negative for the signal that killed it.
        took_s: from the first signal to its end.
        trials: how many the result holds; None without a result.
        faults: what is wrong, one sentence each.
    """

    code: int
    took_s: float
    trials: int | None
    faults: tuple[str, ...]


def start(runtime: str, out: Path, errors: Path) -> subprocess.Popen[bytes]:
    """Start a run as the leader of a process group of its own."""
    with errors.open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", "bench", *RUN, "--runtime", runtime, "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )


def stop_once(stop: Stop, runtime: str, directory: Path, engine: Engine | None) -> Ending:
    """Run, stop, and look."""
    out, errors = directory / "run", directory / "stderr"
    child = start(runtime, out, errors)
    with suppress(subprocess.TimeoutExpired):
        child.wait(stop.after_s)
    first = time.monotonic()
    for position, number in enumerate(stop.signals):
        if position:
            time.sleep(stop.gap_s)
        if child.returncode is not None:
            break
        # It hasn't been waited for: by now its number can't be another process's.
        (os.killpg if stop.group else os.kill)(child.pid, number)
    faults = []
    try:
        code = child.wait(_END_S[runtime])
    except subprocess.TimeoutExpired:
        faults.append(f"it did not end within {_END_S[runtime]:g} s")
        # Python's fault handler says where it hangs.
        child.send_signal(signal.SIGABRT)
        code = child.wait()
    took_s = time.monotonic() - first
    faults += left_processes()
    faults += left_cgroups(child.pid)
    if engine is not None:
        faults += left_in_engine(engine, child.pid)
    said = errors.read_text(errors="replace")
    if (fault := wrong_end(code, said, out)) is not None:
        faults.append(fault)
    trials, damage = kept(out, code)
    return Ending(code, took_s, trials, (*faults, *damage))


def wrong_end(code: int, said: str, out: Path) -> str | None:
    """What is wrong about the exit code or the last words, if anything is."""
    if "Traceback" not in said and code in (0, Interrupted.exit_code):
        return None
    if not out.exists() and (code in (-signal.SIGINT, -signal.SIGTERM) or "KeyboardInterrupt" in said):
        # Python itself was starting: nothing of the harness had run.
        return None
    return f"exit code {code}; it said:\n{said}"


def kept(out: Path, code: int) -> tuple[int | None, list[str]]:
    """Number of trials in the result, and what is wrong with it."""
    if not (out / RESULT).exists():
        return None, ["no result"] if code == 0 else []
    try:
        suite = load(out)
    except BenchError as error:
        return None, [f"the result can't be read: {error}"]
    faults = []
    # A stop that comes while a finished run is being written loses nothing.
    if code == 0 and not suite.complete:
        faults.append(f"complete is {suite.complete} with exit code {code}")
    times = Counter((trial.round, trial.block, trial.case) for trial in suite.trials)
    faults += [f"trial {key} is there {count} times" for key, count in times.items() if count > 1]
    return len(suite.trials), faults


def left_processes() -> list[str]:
    """Descendants that live on; they are ended. As subreaper this process inherits every orphan."""
    me = psutil.Process()
    _, alive = psutil.wait_procs(me.children(recursive=True), timeout=_LINGER_S)
    found = []
    for orphan in alive:
        found.append(f"process {orphan.pid} is left: {' '.join(orphan.cmdline())}")
        orphan.kill()
    psutil.wait_procs(alive, timeout=_LINGER_S)
    return found


def left_cgroups(pid: int) -> list[str]:
    """Cgroups that a harness has left."""
    directory, _ = cgroup.own(HERE)
    return [f"cgroup {left.name} is left" for left in directory.glob(f"wsgi-bench-*-{pid}-*")]


def left_in_engine(engine: Engine, pid: int) -> list[str]:
    """Containers and networks that a harness has left."""
    found = []
    for kind, everything in (("container", ["--all"]), ("network", [])):
        template = f'{{{{.ID}}}} {{{{.Label "{HARNESS_LABEL}"}}}}'
        output = engine.run(
            kind, "ls", *everything, "--filter", f"label={HARNESS_LABEL}", "--format", template
        )
        for line in output.splitlines():
            name, _, harness = line.partition(" ")
            if harness.split("/")[1:2] == [str(pid)]:
                found.append(f"{kind} {name} is left")
    return found


def random_stop(rng: random.Random, run_s: float) -> Stop:
    """A stop at any moment of a run that takes `run_s`."""
    return Stop(
        after_s=rng.uniform(0, run_s),
        signals=rng.choice(_SIGNALS),
        gap_s=rng.choice((0.0, rng.uniform(0, 0.3))),
        group=rng.random() < 0.5,
    )


def run_length_s(runtime: str, directory: Path) -> float:
    """Seconds that a run takes when nobody stops it."""
    began = time.monotonic()
    errors = directory / "stderr"
    code = start(runtime, directory / "run", errors).wait(_WHOLE_S)
    if code != 0:
        sys.exit(f"a run that nobody stopped ended with exit code {code}:\n{errors.read_text()}")
    if left := left_processes():
        sys.exit("\n".join(["a run that nobody stopped left something:", *left]))
    return time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--runtime", choices=tuple(_END_S), default="local")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # A shell starts background jobs with SIGINT ignored, which the runs would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    engine = find_engine() if asked.runtime == "compose" else None
    rng = random.Random(asked.seed)
    faulty, slowest_s = 0, 0.0
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-stops-") as scratch:
        # The first run in containers may build images.
        for name in ("whole",) if engine is None else ("first", "whole"):
            (Path(scratch) / name).mkdir()
            run_s = run_length_s(asked.runtime, Path(scratch) / name)
        print(f"seed {asked.seed}; a whole run takes {run_s:.1f} s", flush=True)
        for number in range(1, asked.times + 1):
            stop = random_stop(rng, run_s)
            directory = Path(scratch) / str(number)
            directory.mkdir()
            ending = stop_once(stop, asked.runtime, directory, engine)
            faulty += bool(ending.faults)
            slowest_s = max(slowest_s, ending.took_s)
            trials = "no result" if ending.trials is None else f"{ending.trials} trials kept"
            print(f"{number:4} {stop}: {ending.code} within {ending.took_s:.2f} s, {trials}", flush=True)
            for fault in ending.faults:
                print(f"     WRONG: {fault}", flush=True)
    print(
        f"{asked.times} stops, {faulty} with a fault, the slowest took {slowest_s:.1f} s; seed {asked.seed}"
    )
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
