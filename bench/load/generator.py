"""The load generator: obeys the harness's orders, probes and blocks of trials against its targets."""

from __future__ import annotations

import gc
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.asked import made
from bench.load.arrivals import Arrivals, due_of
from bench.load.asking import probe_asked
from bench.load.clock import now_ns
from bench.load.closed import ClosedTrial
from bench.load.exchange import Exchange
from bench.load.meter import Meter
from bench.load.open import OpenTrial
from bench.load.outcomes import DROPPED, OK, UNFINISHED
from bench.load.probe import connect_s, probe
from bench.load.protocol import read_scenarios, read_target, read_trial_order
from bench.load.records import Counted, Records, Window
from bench.load.targetstate import TargetState
from bench.load.visitors import Crowd, Turns
from bench.load.visits import ClosedVisits, OpenVisits, log_in
from bench.load.wrong import UNASKED
from bench.machine import confinement
from bench.machine.counters import difference, read_host
from bench.machine.place import HERE, Place
from bench.machine.processtree import process_tree
from bench.model import Target, Trial, TrialOrder

if TYPE_CHECKING:
    from bench.load.template import Template

Emit = Callable[[Mapping[str, Any]], None]
Conduct = Callable[
    [
        TrialOrder,
        TargetState,
        Iterator[Exchange],
        Records,
        Callable[[], None],
        Callable[[], None],
    ],
    Window,
]
"""Runs one trial: order, state, requests, where rows go, what to call when the window opens and when it
closes, and what to call a few times a second so that others may run."""


class LoadGenerator:
    """Obeys orders and emits events; knows nothing of how they travel.

    Args:
        conduct: sends a trial's requests.
        breathe: called between trials, and a few times a second within one.
        servers: where the CPU time of the servers is read.
    """

    def __init__(self, emit: Emit, conduct: Conduct, breathe: Callable[[], None], servers: Place) -> None:
        self._emit = emit
        self._servers = servers
        self._conduct = conduct
        self._breathe = breathe
        self._states: dict[str, TargetState] = {}
        self._template: Template | None = None
        self._scenarios = dict(SCENARIOS)
        self._crowds: defaultdict[str, Crowd] = defaultdict(Crowd)

    def obey(self, order: Mapping[str, Any]) -> None:
        match order["order"]:
            case "scenarios":
                self._scenarios |= {asked.name: made(asked) for asked in read_scenarios(order["scenarios"])}
                self._emit({"event": "done"})
            case "targets":
                self._set_targets([read_target(t) for t in order["targets"]], order["store"])
                self._emit({"event": "done"})
            case "probe":
                state, scenario = self._states[order["target"]], self._scenarios[order["scenario"]]
                self.reset(order["database"])
                learned = state.learned(scenario)
                ask = probe if scenario.asked is None else probe_asked
                probed = ask(state.address(), state.host, scenario, order["timeout_s"], learned)
                self.used(order["database"], scenario.name)
                self._emit({"event": "probed", **asdict(probed)})
            case "block":
                for trial in map(read_trial_order, order["trials"]):
                    self._emit({"event": "trial", **asdict(self.trial(trial))})
                    self._breathe()
                self._emit({"event": "done"})
            case "idle":
                self._emit({"event": "idle", "cpu": self._idle_cpu(order["seconds"])})
            case "clock":
                self._emit({"event": "clock", "now_ns": now_ns()})
            case "confined":
                own = confinement.read(process_tree(os.getpid(), HERE), HERE)
                self._emit({"event": "confined", "read": None if own is None else asdict(own)})
            case unknown:
                raise ValueError(f"unknown order {unknown!r}")

    def close(self) -> None:
        for state in self._states.values():
            state.close()
        self._states.clear()

    def _set_targets(self, targets: Sequence[Target], store: tuple[str, int] | None) -> None:
        self.close()
        self._states = {target.deployment: TargetState(target, self._servers) for target in targets}
        if store is not None and self._template is None:
            # Redis's client takes a third of a driver's start, and most runs have no Redis.
            from bench.load.template import Template

            self._template = Template(*store)
        if self._template is not None:
            self._template.forget()

    def _idle_cpu(self, seconds: float) -> dict[str, float | None]:
        readers = {name: state.usage for name, state in self._states.items()}
        for usage in readers.values():
            if usage is not None:
                usage.refresh()
                usage.begin()
        time.sleep(seconds)
        for usage in readers.values():
            if usage is not None:
                usage.end()
        used = {name: usage.used_ns() if usage is not None else None for name, usage in readers.items()}
        return {name: None if cpu_ns is None else cpu_ns / 1e9 / seconds for name, cpu_ns in used.items()}

    def reset(self, database: int | None) -> None:
        """Make a database equal to the seeded template, if the trial has one."""
        if database is not None and self._template is not None:
            self._template.restore(database)

    def used(self, database: int | None, scenario: str) -> None:
        """Note what a scenario has changed."""
        if database is not None and self._template is not None and self._scenarios[scenario].writes:
            self._template.used(database)

    def trial(self, order: TrialOrder) -> Trial:
        """Run one trial."""
        state, scenario = self._states[order.target], self._scenarios[order.scenario]
        self.reset(order.database)
        link = state.link(order.load.connection)
        link.wrong.clear()
        if order.opens_ns is None:
            self.prepare(order)
        stream = self._stream(order, state)
        records = Records()
        meter, before = Meter(state.usage, link, state.contention), link.tally()
        host = read_host(HERE)
        gc.collect()
        gc.disable()
        try:
            window = self._conduct(order, state, stream, records, meter.mark, self._breathe)
        finally:
            gc.enable()
            self.used(order.database, order.scenario)
        link.look()
        told = link.tally().since(before)
        open_load = not order.load.waits
        by: Literal["due", "done"] = "due" if open_load else "done"
        counted = records.counted(by, window)
        statuses, wrong = link.wrong.counted(by, window.opened, window.closed)
        readings, contended = meter.readings(window)
        return Trial(
            case=order.case,
            round=order.round,
            block=order.block,
            order=order.order,
            at_s=(window.opened - order.epoch_ns) / 1e9,
            duration_s=(window.closed - window.opened) / 1e9,
            **_counts(counted, told.unasked),
            **readings,
            begun=len(counted.begun.sent),
            mean_s=counted.begun.mean_s(),
            histograms=counted.histograms(records.endpoints or scenario.endpoints, open_load),
            host=difference(host, read_host(HERE)) | contended,
            syn_retransmits=told.retransmits,
            fresh=told.opened,
            unserved=told.unserved,
            early=told.early,
            sent=counted.sent_in_all,
            statuses=dict(
                statuses + counted.right_by_status(state.exchanges(scenario, order.load.connection).statuses)
            ),
            wrong=dict(
                wrong
                + Counter({UNASKED: told.unasked})
                + state.failed_logins(scenario, order.load.connection)
            ),
        )

    def meter(self, order: TrialOrder) -> Meter:
        """What reads the counters of a trial's server while others make the load."""
        state = self._states[order.target]
        return Meter(state.usage, state.link(order.load.connection), state.contention)

    def network_s(self, target: str) -> float:
        """How long a connection to a target takes to be made: the network and two kernels, and no server.

        Raises:
            OSError: it can't be made.
        """
        return connect_s(self._states[target].address())

    def prepare(self, order: TrialOrder) -> None:
        """Have the users of a trial log in who haven't yet.

        Where several processes share a trial they do so beforehand, since its window opens at a set time.
        """
        state, load = self._states[order.target], order.load
        visitors = state.visitors(
            self._scenarios[order.scenario], load.connection, self._crowds[order.scenario]
        )
        if visitors is not None:
            among = visitors.of(order)
            visitors.failed = log_in(state.link(load.connection), among, round(order.timeout_s * 1e9))

    def logs_in(self, order: TrialOrder) -> bool:
        """Whether there is something to prepare for a trial."""
        asked = self._scenarios[order.scenario].asked
        return asked is not None and bool(asked.login)

    def _stream(self, order: TrialOrder, state: TargetState) -> Iterator[Exchange]:
        """What is sent in a trial."""
        scenario, load = self._scenarios[order.scenario], order.load
        visitors = state.visitors(scenario, load.connection, self._crowds[order.scenario])
        if visitors is None:
            exchanges = state.exchanges(scenario, load.connection)
            return map(exchanges.__getitem__, scenario.requests(random.Random(order.seed)))
        return Turns(visitors, order) if load.waits else Arrivals(visitors, order)


def _counts(counted: Counted, unasked: int) -> dict[str, Any]:
    """What became of a trial's requests; what came unasked counts as one that got too much."""
    errors = Counter(counted.errors()) + Counter({"excess": unasked})
    return {
        "offered": counted.offered + unasked,
        "ok": counted.number(OK),
        "answers": counted.answers,
        "failed": sum(errors.values()),
        "dropped": counted.number(DROPPED),
        "dropped_late": counted.dropped_late(),
        "unfinished": counted.number(UNFINISHED),
        "errors": dict(errors),
    }


def by_loop(
    order: TrialOrder,
    state: TargetState,
    stream: Iterator[Exchange],
    records: Records,
    mark: Callable[[], None],
    breathe: Callable[[], None],
) -> Window:
    """One trial by the harness's own client."""
    link = state.link(order.load.connection)
    settle_ns = round(order.settle_s * 1e9)
    length_ns, timeout_ns = round(order.length_s * 1e9), round(order.timeout_s * 1e9)
    if order.load.waits:
        closed = (
            partial(ClosedVisits, link, stream)
            if isinstance(stream, Turns)
            else partial(ClosedTrial, link, stream)
        )
        return closed(
            records,
            users=order.load.at_once,
            length_ns=length_ns,
            timeout_ns=timeout_ns,
            mark=mark,
            breathe=breathe,
            settle_ns=settle_ns,
            opens_ns=order.opens_ns,
        ).run()
    opened = (
        partial(OpenVisits, link, stream)
        if isinstance(stream, Arrivals)
        else partial(OpenTrial, link, stream)
    )
    return opened(
        records,
        due=due_of(order, stream),
        settle_ns=settle_ns,
        length_ns=length_ns,
        cap=order.load.at_once,
        timeout_ns=timeout_ns,
        mark=mark,
        breathe=breathe,
        opens_ns=order.opens_ns,
    ).run()
