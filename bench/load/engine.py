"""Runs the harness's orders: probes, and blocks of trials against one target after another."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.learned import held
from bench.catalogue.scenarios.request import Request, Scenario
from bench.load.clock import now_ns, waited_ns
from bench.load.closed import ClosedTrial
from bench.load.link import Link
from bench.load.open import OpenTrial
from bench.load.outcomes import DROPPED, OK, UNFINISHED
from bench.load.probe import Place, accepting, places, probe
from bench.load.protocol import read_target, read_trial_order
from bench.load.records import Counted, Records, Window
from bench.load.template import Template
from bench.load.wire import Exchange
from bench.machine import confinement
from bench.machine.contention import Contention
from bench.machine.counters import difference, read_host
from bench.machine.processtree import process_tree
from bench.machine.usage import UsageReader, open_usage
from bench.model import Connection, Learned, Target, Trial, TrialOrder

Emit = Callable[[Mapping[str, Any]], None]
Conduct = Callable[
    [
        TrialOrder,
        "Station",
        Iterator[Exchange],
        Records,
        Callable[[], None],
        Callable[[], None],
    ],
    Window,
]
"""Runs one trial: order, station, requests, where rows go, what to call when the window opens and when it
closes, and what to call a few times a second so that others may run."""


class Exchanges(dict[Request, Exchange]):
    """The requests of one scenario, made ready for one target as they are first needed.

    Attributes:
        statuses: the status of an endpoint's right answers, by its index, where it is a single one.
    """

    def __init__(
        self, scenario: Scenario, host: str, connection: Connection, learned: Mapping[str, Learned]
    ) -> None:
        super().__init__()
        self._held = {endpoint: held(one, host) for endpoint, one in learned.items()}
        self.statuses: dict[int, int] = {}
        self._endpoints = scenario.endpoints
        self._host = host
        self._close = connection == "close"

    def __missing__(self, request: Request) -> Exchange:
        expect = self._held.get(request.endpoint, request.expect)
        endpoint = self._endpoints.index(request.endpoint)
        exchange = Exchange(replace(request, expect=expect), endpoint, self._host, self._close)
        if isinstance(expect.status, int):
            self.statuses[endpoint] = expect.status
        if not request.unique:
            self[request] = exchange
        return exchange


class Station:
    """What the engine keeps of one target between its trials."""

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.url)
        self.target = target
        self.host = address.netloc
        self.usage: UsageReader | None = open_usage(target.usage)
        self.contention = Contention(target.cpus, target.usage)
        self._places = places(target.url, target.addresses)
        self._place: Place | None = None
        self._links: dict[Connection, Link] = {}
        self._exchanges: dict[tuple[str, Connection], Exchanges] = {}

    def link(self, connection: Connection) -> Link:
        if connection not in self._links:
            family, address = self.place()
            self._links[connection] = Link(family, address)
        return self._links[connection]

    def place(self) -> Place:
        """Where everything goes: the first address that accepts a connection; while none does, the first."""
        if self._place is None:
            self._place = accepting(self._places)
        return self._place or self._places[0]

    def learned(self, scenario: Scenario) -> Mapping[str, Learned]:
        """What earlier probes have learned, by endpoint."""
        return {one.endpoint: one for one in self.target.learned if one.scenario == scenario.name}

    def exchanges(self, scenario: Scenario, connection: Connection) -> Exchanges:
        key = (scenario.name, connection)
        if key not in self._exchanges:
            learned = self.learned(scenario)
            self._exchanges[key] = Exchanges(scenario, self.host, connection, learned)
        return self._exchanges[key]

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self.contention.close()
        if self.usage is not None:
            self.usage.close()


class Engine:
    """Obeys orders and emits events; knows nothing of how they travel.

    Args:
        conduct: sends a trial's requests.
        breathe: called between trials, and a few times a second within one.
    """

    def __init__(self, emit: Emit, conduct: Conduct, breathe: Callable[[], None]) -> None:
        self._emit = emit
        self._conduct = conduct
        self._breathe = breathe
        self._stations: dict[str, Station] = {}
        self._template: Template | None = None

    def obey(self, order: Mapping[str, Any]) -> None:
        match order["order"]:
            case "targets":
                self._set_targets([read_target(t) for t in order["targets"]], order["store"])
                self._emit({"event": "done"})
            case "probe":
                station, scenario = self._stations[order["target"]], SCENARIOS[order["scenario"]]
                self.reset(order["database"])
                learned = station.learned(scenario)
                found = probe(station.place(), station.host, scenario, order["timeout_s"], learned)
                self.used(order["database"], scenario)
                self._emit({"event": "probed", **asdict(found)})
            case "block":
                for trial in map(read_trial_order, order["trials"]):
                    self._emit({"event": "trial", **asdict(self.trial(trial))})
                    self._breathe()
                self._emit({"event": "done"})
            case "idle":
                self._emit({"event": "idle", "cpu": self._idle_cpu(order["seconds"])})
            case "confined":
                own = confinement.read(process_tree(os.getpid()))
                self._emit({"event": "confined", "read": None if own is None else asdict(own)})
            case unknown:
                raise ValueError(f"unknown order {unknown!r}")

    def close(self) -> None:
        for station in self._stations.values():
            station.close()
        self._stations.clear()

    def _set_targets(self, targets: Sequence[Target], store: tuple[str, int] | None) -> None:
        self.close()
        self._stations = {target.deployment: Station(target) for target in targets}
        if store is not None and self._template is None:
            self._template = Template(*store)
        if self._template is not None:
            self._template.forget()

    def _idle_cpu(self, seconds: float) -> dict[str, float | None]:
        readers = {name: station.usage for name, station in self._stations.items()}
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

    def used(self, database: int | None, scenario: Scenario) -> None:
        """Note what a scenario has changed."""
        if database is not None and self._template is not None and scenario.writes:
            self._template.used(database)

    def trial(self, order: TrialOrder) -> Trial:
        """Run one trial."""
        station, scenario = self._stations[order.target], SCENARIOS[order.scenario]
        self.reset(order.database)
        exchanges = station.exchanges(scenario, order.load.connection)
        stream = map(exchanges.__getitem__, scenario.requests(random.Random(order.seed)))
        records = Records()
        link = station.link(order.load.connection)
        link.wrong.clear()
        meter, retransmits = Meter(station.usage, link, station.contention), link.retransmits
        host = read_host()
        gc.collect()
        gc.disable()
        try:
            window = self._conduct(order, station, stream, records, meter.mark, self._breathe)
        finally:
            gc.enable()
            self.used(order.database, scenario)
        link.look()
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
            **_counts(counted),
            **readings,
            begun=len(counted.begun.sent),
            mean_s=counted.begun.mean_s(),
            histograms=counted.histograms(scenario.endpoints, open_load),
            host=difference(host, read_host()) | contended,
            syn_retransmits=link.retransmits - retransmits,
            statuses=dict(statuses + counted.right_by_status(exchanges.statuses)),
            wrong=dict(wrong),
        )


class Meter:
    """Reads counters when the window opens and when it closes."""

    def __init__(self, usage: UsageReader | None, link: Link, contention: Contention) -> None:
        self._usage = usage
        self._link = link
        self._contention = contention
        self._contended: list[dict[str, float]] = []
        self._marks: list[tuple[int, int, int, int]] = []
        if usage is not None:
            usage.refresh()

    def mark(self) -> None:
        at, generator = now_ns(), time.process_time_ns() + waited_ns()
        if self._usage is not None and not self._marks:
            self._usage.begin()
        elif self._usage is not None:
            self._usage.end()
        self._marks.append((at, generator, self._link.opened, self._link.lost))
        self._contended.append(self._contention.read())

    def readings(self, window: Window) -> tuple[dict[str, Any], dict[str, float]]:
        """The differences, and those that tell of other programs; CPU time is scaled from the time between
        the marks to the window's length.
        """
        server_ns = self._usage.used_ns() if self._usage is not None else None
        first, last = self._marks
        wall_ns, generator_ns, opened, lost = (b - a for a, b in zip(first, last, strict=True))
        share = (window.closed - window.opened) / wall_ns if wall_ns else 0.0
        used_s = server_ns / 1e9 * share if server_ns is not None else None
        contended = {name: more * share for name, more in difference(*self._contended).items()}
        busy_s = contended.pop("busy_s", None)
        if busy_s is not None and used_s is not None:
            contended["others_s"] = busy_s - used_s
        return {
            "cpu_s": used_s,
            "generator_cpu": generator_ns / wall_ns if wall_ns else 0.0,
            "connections": opened,
            "lost": lost,
            "silent_close": not self._link.reuse,
        }, contended


def _counts(counted: Counted) -> dict[str, Any]:
    errors = counted.errors()
    return {
        "offered": counted.offered,
        "ok": counted.number(OK),
        "answers": counted.answers,
        "failed": sum(errors.values()),
        "dropped": counted.number(DROPPED),
        "dropped_late": counted.dropped_late(),
        "unfinished": counted.number(UNFINISHED),
        "errors": errors,
    }


def by_loop(
    order: TrialOrder,
    station: Station,
    stream: Iterator[Exchange],
    records: Records,
    mark: Callable[[], None],
    breathe: Callable[[], None],
) -> Window:
    """One trial by the harness's own client."""
    link = station.link(order.load.connection)
    settle_ns = round(order.settle_s * 1e9)
    length_ns, timeout_ns = round(order.length_s * 1e9), round(order.timeout_s * 1e9)
    if order.load.waits:
        return ClosedTrial(
            link,
            stream,
            records,
            users=order.load.at_once,
            length_ns=length_ns,
            timeout_ns=timeout_ns,
            mark=mark,
            breathe=breathe,
            settle_ns=settle_ns,
            opens_ns=order.opens_ns,
        ).run()
    return OpenTrial(
        link,
        stream,
        records,
        due=order.load.due(settle_ns + length_ns, random.Random(order.seed).getrandbits(63)),
        settle_ns=settle_ns,
        length_ns=length_ns,
        cap=order.load.at_once,
        timeout_ns=timeout_ns,
        mark=mark,
        breathe=breathe,
        opens_ns=order.opens_ns,
    ).run()
