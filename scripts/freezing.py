"""What freezing servers would gain beside draining them: the figures of decision 077.

    python -m scripts.freezing [SECONDS]    say how wide intervals are, what ratios, and how slices begin

A frozen server is stopped in the middle of its closed load (SIGSTOP), and goes on with it in its next slice.
"""

from __future__ import annotations

import math
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from itertools import combinations, groupby
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

import numpy as np

from bench.catalogue.registry import APPS_FILE, load_apps
from bench.catalogue.scenarios import SCENARIOS
from bench.load.clock import now_ns
from bench.load.closed import SETTLE_NS, ClosedTrial
from bench.load.outcomes import OK
from bench.load.records import KIND_MASK, Records
from bench.load.targetstate import TargetState
from bench.machine.place import HERE
from bench.machine.processtree import process_tree
from bench.model import Case, Plan, Target, TrialLength
from bench.plan.blocks import block_orders
from bench.plan.layout import PROFILES, make_plan
from proof.machine import ROOT
from proof.stage import USERS, Stage, default_servers, stage

MS = 1_000_000
_TURN_S, _CHUNK_S = 8.0, 2.0
_TIMEOUT_NS = 30_000 * MS
_PARTS_MS = (0, 5, 10, 20, 30)


class Stopped:
    """Stops and continues a server: its process group, which no server of this repository leaves."""

    def __init__(self, target: Target) -> None:
        assert target.usage.pid, "a local server has a process"
        self._group = target.usage.pid
        self._stats = [Path(f"/proc/{member}/stat") for member in process_tree(self._group, HERE)]

    def freeze(self) -> None:
        """Stop every process, and return when they have."""
        os.killpg(self._group, signal.SIGSTOP)
        while any(stat.read_text().rpartition(")")[2].split()[0] != "T" for stat in self._stats):
            pass

    def thaw(self) -> None:
        os.killpg(self._group, signal.SIGCONT)


class Continuous(ClosedTrial):
    """One closed load that goes on, in its server's own time, through all that server's slices."""

    def __init__(self, state: TargetState, scenario: str, seed: str) -> None:
        exchanges = state.exchanges(SCENARIOS[scenario], "as-is")
        stream = map(exchanges.__getitem__, SCENARIOS[scenario].requests(random.Random(seed)))
        super().__init__(
            state.link("as-is"),
            stream,
            Records(),
            users=USERS,
            length_ns=0,
            timeout_ns=_TIMEOUT_NS,
            mark=lambda: None,
            breathe=lambda: None,
        )
        assert state.usage is not None
        self._usage = state.usage
        self._rows = self._records._rows
        self._process = Stopped(state.target)

    def begin(self) -> None:
        """Start the users, until each was answered once."""
        self._settle(now_ns())
        self._pump(now_ns() + SETTLE_NS, lambda: not self._unsettled)
        self._unsettled.clear()
        self._process.freeze()

    def slice(self, settle_ms: float, length_ms: float) -> tuple[tuple[float, float, float], list[int]]:
        """Let the server run; only what comes after it has settled counts.

        Returns:
            Right answers, seconds and CPU seconds; and how long after the thaw each answer came, nanoseconds.
        """
        before = len(self._rows)
        self._process.thaw()
        thawed = opened = now_ns()
        if settle_ms:
            self._pump(thawed + round(settle_ms * MS), lambda: False)
            opened = now_ns()
        self._usage.begin()
        first = len(self._rows)
        self._pump(opened + round(length_ms * MS), lambda: False)
        closed = now_ns()
        self._process.freeze()
        self._usage.end()
        cpu_s = (self._usage.used_ns() or 0) / 1e9
        right = sum(row[3] & KIND_MASK == OK for row in self._rows[first:])
        return (right, (closed - opened) / 1e9, cpu_s), [row[2] - thawed for row in self._rows[before:]]

    def end(self) -> None:
        self._process.thaw()
        self._drain(now_ns() + SETTLE_NS)


@dataclass
class Block:
    """One trial or slice of each server: answers, seconds and CPU seconds; and the time that all took."""

    mode: str
    turn: int
    cells: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    took_s: float = 0.0


@dataclass(frozen=True)
class Rig:
    """Servers that run, on a stage."""

    on: Stage
    plan: Plan
    cases: Sequence[Case]
    targets: Mapping[str, Target]
    parts: dict[tuple[str, str], np.typing.NDArray[np.float64]] = field(default_factory=dict)

    def drained(self, mode: str, turn: int, length_ms: float) -> list[Block]:
        """Trials as runs have them, for the length of a turn."""
        sized = replace(self.plan, trial_s=TrialLength(length_ms / 1e3, 1.0))
        names = {case.id: case.server for case in self.cases}
        blocks: list[Block] = []
        ends = time.monotonic() + _TURN_S
        while time.monotonic() < ends:
            began = time.monotonic()
            orders = block_orders(sized, self.cases, 1, turn * 1000 + len(blocks), 0)
            trials = list(self.on.driver.block(orders))
            cells = {names[t.case]: (t.answers, t.duration_s, t.cpu_s or 0.0) for t in trials}
            blocks.append(Block(mode, turn, cells, time.monotonic() - began))
        return blocks

    def frozen(self, mode: str, turn: int, settle_ms: float, length_ms: float) -> list[Block]:
        """Slices of one continuous load a server, of which the first milliseconds may not count."""
        blocks: list[Block] = []
        began = time.monotonic()
        ends = began + _TURN_S
        with ExitStack() as stack:
            loads: dict[str, Continuous] = {}
            for case in self.cases:
                state = stack.enter_context(closing(TargetState(self.targets[case.deployment], HERE)))
                load = loads[case.server] = Continuous(state, case.scenario, f"{turn}")
                stack.callback(load.end)
                load.begin()
            while time.monotonic() < ends:
                block = Block(mode, turn)
                for server in random.sample(list(loads), len(loads)):
                    block.cells[server], since_ns = loads[server].slice(settle_ms, length_ms)
                    counts = self.parts.setdefault((mode, server), np.zeros(len(_PARTS_MS) - 1))
                    counts += np.histogram(np.array(since_ns) / MS, _PARTS_MS)[0]
                blocks.append(block)
                block.took_s, began = time.monotonic() - began, time.monotonic()
        return blocks


def width(seconds: float) -> None:
    """Turns of each mode in shuffled order, all of the same deployments."""
    app = load_apps(ROOT / APPS_FILE)["shortly"]
    servers = [server for server in default_servers() if server.name != "wsgiref"]
    seed = random.getrandbits(20)
    plan = make_plan(
        PROFILES["standard"], "local", servers, [(app, SCENARIOS["mixed"])], seed=seed, rate=None
    )
    cases = [case for case in plan.cases if case.load.model == "closed"]
    modes: dict[str, tuple[Callable[..., list[Block]], tuple[float, ...]]] = {
        "drained, 100 ms": (Rig.drained, (100.0,)),
        "drained, 50 ms": (Rig.drained, (50.0,)),
        "frozen, 30 ms": (Rig.frozen, (0.0, 30.0)),
        "frozen, 30 ms after 10": (Rig.frozen, (10.0, 30.0)),
        "frozen, 100 ms": (Rig.frozen, (0.0, 100.0)),
    }
    blocks: list[Block] = []
    with (
        TemporaryDirectory() as scratch,
        stage(Path(scratch)) as on,
        on.deployed(Path(scratch), plan.deployments, "mixed") as targets,
    ):
        rig = Rig(on, plan, cases, targets)
        turn, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            for mode in random.sample(list(modes), len(modes)):
                turn += 1
                conduct, lengths = modes[mode]
                blocks += conduct(rig, mode, turn, *lengths)
    for mode in modes:
        print(mode, *_said([block for block in blocks if block.mode == mode]), sep="\n  ")
    print(f"answers a second in parts of a slice, {_PARTS_MS} ms, as shares of the last part's")
    for (mode, server), counts in sorted(rig.parts.items()):
        rates = counts / np.diff(_PARTS_MS)
        print(f"  {mode}, {server}: {np.round(rates / rates[-1], 2)}, {int(counts.sum())} answers")


def _said(blocks: Sequence[Block]) -> Iterator[str]:
    """The ratio of each server to gunicorn, and half the width of a ratio's interval from a minute."""
    took_s = sum(block.took_s for block in blocks)
    servers = sorted(blocks[0].cells)
    _, counted_s, cpu_s = np.sum([list(block.cells.values()) for block in blocks], axis=(0, 1))
    yield f"{len(blocks)} blocks; {counted_s / took_s:.0%} counted, {cpu_s / counted_s:.0%} of that on a CPU"
    rates = {server: _log_rate(blocks, server) for server in servers}
    yield ", ".join(f"{name} {math.exp(rates[name] - rates['gunicorn']):.3f}" for name in servers)
    chunks = _chunks(blocks)
    chunk_s = fmean(sum(block.took_s for block in chunk) for chunk in chunks)
    halves = {}
    for a, b in combinations(servers, 2):
        ratios = [_log_rate(chunk, a) - _log_rate(chunk, b) for chunk in chunks]
        halves[a, b] = 1.96 * float(np.std(ratios, ddof=1)) * math.sqrt(chunk_s / 60)
    twin = halves["gunicorn", "gunicorn-twin"]
    yield f"±{median(halves.values()):.1%} from a minute, the twin ±{twin:.1%}, {len(chunks)} chunks"


def _chunks(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks of some two seconds: neighbouring slices' counts are negatively correlated."""
    chunks: list[list[Block]] = []
    for _, group in groupby(blocks, key=lambda block: block.turn):
        turn = list(group)
        each = max(1, round(_CHUNK_S / fmean(block.took_s for block in turn)))
        chunks += [turn[at : at + each] for at in range(0, len(turn) - each + 1, each)]
    return chunks


def _log_rate(blocks: Sequence[Block], server: str) -> float:
    answers, seconds, _ = np.sum([block.cells[server] for block in blocks], axis=0)
    return math.log(answers / seconds)


if __name__ == "__main__":
    width(float(sys.argv[1]) if sys.argv[1:] else 200.0)
