"""The harness's side of the load driver."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.catalogue.scenarios import SCENARIOS
from bench.load.protocol import (
    Probed,
    block_order,
    clock_order,
    confined_order,
    idle_order,
    line,
    probe_order,
    read_confinement,
    read_probed,
    read_trial,
    scenarios_order,
    targets_order,
)
from bench.machine import process
from bench.machine.interrupt import shield
from bench.machine.lines import Lines
from bench.machine.place import Clock, compare
from bench.machine.priority import NONE, Priority
from bench.machine.process import how_ended, killed_by
from bench.model import Confinement, Target, Trial, TrialOrder
from bench.model.errors import DriverError, MachineError, StoreError, TimeIsUp, UsageError
from bench.model.scenario import AskedScenario

_START_S = 60.0
_SLACK_S = 60.0
_GRACE_S = 3.0


def _nobody(_event: Mapping[str, Any]) -> None:
    pass


class LoadDriver:
    """A running driver process; a context manager that ends it.

    Args:
        command, environment: as `Runtime.driver_command` gives them.
        cpus: CPUs to pin it to; empty where the command does that itself.
        log: file that gets its standard error.
        priority: what it asks the kernel for.
        generators: told what becomes of generators on other hosts, which the driver waits for.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path,
        cpus: Iterable[int],
        log: Path,
        priority: Priority = NONE,
        generators: Callable[[Mapping[str, Any]], None] = _nobody,
    ) -> None:
        self._command = command
        self._environment = environment
        self._cwd = cwd
        self._cpus = cpus
        self._log = log
        self._priority = priority
        self._generators = generators
        self._child: subprocess.Popen[bytes] | None = None
        self._lines: Lines | None = None
        self._clock = Clock()
        self._requests = {name: len(scenario.endpoints) for name, scenario in SCENARIOS.items()}

    def __enter__(self) -> Self:
        try:
            with shield(), self._log.open("ab") as log:
                self._child = process.spawn(
                    self._command,
                    environment=self._environment,
                    cwd=self._cwd,
                    cpus=self._cpus,
                    priority=self._priority,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
            assert self._child.stdout is not None
            self._lines = Lines(self._child.stdout.fileno())
            self._event(time.monotonic() + _START_S)
            self._clock = compare(self._now_there_ns)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def set_scenarios(self, asked: Iterable[AskedScenario]) -> None:
        """Tell the driver a user's own scenarios."""
        asked = tuple(asked)
        self._requests |= {scenario.name: _most_probed(scenario) for scenario in asked}
        self._send(scenarios_order(asked))
        self._event(time.monotonic() + _SLACK_S)

    def set_targets(self, targets: Sequence[Target], store: tuple[str, int] | None) -> None:
        """Tell the driver what runs now; it forgets earlier targets and closes their connections."""
        self._send(targets_order(targets, store))
        self._event(time.monotonic() + _SLACK_S)

    def probe(self, target: str, scenario: str, database: int | None, timeout_s: float) -> Probed:
        """Ask a target for each endpoint of a scenario once, until one isn't answered rightly.

        Args:
            timeout_s: how long each request may take.
        """
        self._send(probe_order(target, scenario, database, timeout_s))
        # Two more, which learning and sampling have begun when their own time is up.
        requests = 2 + self._requests.get(scenario, 1)
        return read_probed(self._event(time.monotonic() + requests * timeout_s + _SLACK_S))

    def idle_cpu(self, seconds: float) -> Mapping[str, float | None]:
        """Share of one CPU that each target uses while nothing is asked of it; None if unknown."""
        self._send(idle_order(seconds))
        shares: Mapping[str, float | None] = self._event(time.monotonic() + seconds + _SLACK_S)["cpu"]
        return shares

    def confinement(self) -> Confinement | None:
        """What the driver and its workers may use, as they read it themselves; None if that isn't shown."""
        self._send(confined_order())
        return read_confinement(self._event(time.monotonic() + _SLACK_S)["read"])

    def block(self, trials: Sequence[TrialOrder], ends_s: float | None = None) -> Iterator[Trial]:
        """Run trials one after the other; each is given as soon as it has ended.

        Args:
            ends_s: monotonic time after which none is waited for; the driver is of no use then.

        Raises:
            TimeIsUp: that time has come.
        """
        there = [replace(trial, epoch_ns=self._clock.there(trial.epoch_ns)) for trial in trials]
        self._send(block_order(there))
        for trial in trials:
            most_s = time.monotonic() + trial.most_s() + _SLACK_S
            try:
                event = self._event(most_s, math.inf if ends_s is None else ends_s)
            except DriverError:
                if ends_s is None or time.monotonic() < ends_s:
                    raise
                raise TimeIsUp(f"no time was left for trial {trial.case}") from None
            event.pop("event")
            yield read_trial(event)
        self._event(time.monotonic() + _SLACK_S)

    def _now_there_ns(self) -> int:
        self._send(clock_order())
        return int(self._event(time.monotonic() + _SLACK_S)["now_ns"])

    def _send(self, order: Mapping[str, Any]) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(line(order))
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _event(self, until: float, ends_s: float = math.inf) -> dict[str, Any]:
        while (event := self._said(min(until, ends_s))).get("event") == "generator":
            self._generators(event)
            # A generator that is waited for takes time that no order has; the end of a run stays.
            until = max(until, time.monotonic() + _SLACK_S)
        return event

    def _said(self, until: float) -> dict[str, Any]:
        text = self._line(until)
        try:
            event: dict[str, Any] = json.loads(text)
        except ValueError:
            raise DriverError(f"the load driver said {text[:200]!r}; see {self._log}") from None
        if "short" in event:
            raise MachineError(f"{event['reason']}. See {self._log}.")
        if "refused" in event:
            raise UsageError(f"The locust file can't be run: {event['reason']}.")
        if "store" in event:
            raise StoreError(str(event["reason"]))
        if event.get("event") == "failed":
            raise DriverError(f"the load driver failed: {event['reason']}; see {self._log}")
        return event

    def _line(self, until: float) -> bytes:
        assert self._lines is not None
        try:
            return self._lines.next(until)
        except TimeoutError:
            raise DriverError(f"the load driver is silent; see {self._log}") from None
        except EOFError:
            raise self._ended() from None

    def _ended(self) -> DriverError:
        assert self._child is not None
        try:
            # Its output ends a moment before it does.
            code = self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return DriverError(f"the load driver closed its output, but has not ended; see {self._log}")
        if killed_by(code):
            # Its last words are of something else: whoever is killed says nothing.
            return DriverError(f"the load driver {how_ended(code)}; its log is {self._log}")
        tail = self._log.read_text(errors="replace").strip().splitlines()[-5:]
        return DriverError("\n".join([f"the load driver {how_ended(code)}; the end of {self._log}:", *tail]))

    def _end(self) -> None:
        with shield():
            if self._child is None:
                return
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    # What a driver that has ended didn't read is still to be written.
                    with suppress(BrokenPipeError):
                        pipe.close()
            process.stop(self._child, signal.SIGTERM, _GRACE_S)
            self._child = None


def _most_probed(scenario: AskedScenario) -> int:
    """How many requests a probe may wait for in vain: each after what goes before it, a few times over."""
    return len(scenario.login) + 8 * len(scenario.requests)
