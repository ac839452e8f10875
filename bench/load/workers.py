"""Several processes: locust's master has each trial done by its workers, each with its share."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.queue import Empty, Queue
from locust import runners
from locust.env import Environment
from locust.runners import MasterRunner

from bench.load import shared_trial
from bench.load.generator import LoadGenerator
from bench.load.protocol import read_trial, read_trial_order
from bench.load.users import END, Order, Tell, guarded, read_orders, ready, settle_memory, user_class
from bench.machine import priority, process
from bench.machine.place import HERE
from bench.machine.process import how_ended
from bench.model import Trial, TrialOrder
from bench.model.shortage import Short

_HOST = "127.0.0.1"
_START_S = 60.0
_ANSWER_S = 40.0
_LOOK_S = 0.5
_NEVER_S = 10**9

Answer = Mapping[str, Any]


def serve_master(
    generator: LoadGenerator, emit: Tell, orders_fd: int, processes: int, options: Sequence[str]
) -> None:
    """Locust's master: obey the orders from `orders_fd`, with trials by workers that it starts.

    Args:
        options: of each worker.

    Raises:
        RuntimeError: the workers didn't come up.
    """
    if processes > len(HERE.cpus()):
        # In real time one of them would have a CPU until it sleeps, and others of this CPU nothing.
        priority.give_way()
    bear_silence()
    runner = Environment(user_classes=[user_class(Queue(), generator.obey, emit)]).create_master_runner(
        _HOST, 0
    )
    workers = Workers(runner, processes, options)
    try:
        workers.start()
        inbox: Queue[Order] = Queue()
        gevent.spawn(read_orders, orders_fd, inbox).link(lambda _: inbox.put(END))
        emit(ready())
        while (order := inbox.get()) != END:
            guarded(partial(_direct, order, generator, workers, emit), emit)
    finally:
        workers.end()
        generator.close()


def serve_worker(generator: LoadGenerator, port: int) -> None:
    """Locust's worker: its user does what the master sends, until the master ends it."""
    inbox: Queue[Order] = Queue()

    def answer(data: Answer) -> None:
        runner.send_message("answer", dict(data))

    def obey(order: Order) -> None:
        if "prepare" in order:
            generator.prepare(read_trial_order(order["prepare"]))
            answer({})
        elif "trial" in order:
            answer(asdict(generator.trial(read_trial_order(order["trial"]))))
        else:
            generator.obey(order)
            answer({})

    bear_silence()
    runner = Environment(user_classes=[user_class(inbox, obey, answer)]).create_worker_runner(_HOST, port)
    runner.register_message("order", lambda msg, **_: inbox.put(msg.data))
    settle_memory()
    runner.greenlet.join()


def bear_silence() -> None:
    """Have locust take nobody for lost who sends no heartbeats.

    A process sends none while all its users wait for slow answers, or while it is stopped. Locust would end
    the test once the last worker is silent for a few seconds, and from then on nobody would obey. Whether
    workers live is looked at here, and they end with their master by themselves.
    """
    runners.HEARTBEAT_LIVENESS = runners.MASTER_HEARTBEAT_TIMEOUT = _NEVER_S


class Workers:
    """The worker processes of this master.

    Attributes:
        answer_s: how long answers took on average in the last trial of each case.
    """

    def __init__(self, runner: MasterRunner, processes: int, options: Sequence[str]) -> None:
        self._runner = runner
        self.answer_s: dict[str, float] = {}
        self._answers: Queue[Answer] = Queue()
        runner.register_message("answer", lambda msg, **_: self._answers.put(msg.data))
        command = [sys.executable, "-m", "bench.load.driver", "--worker", str(runner.server.port), *options]
        self._children = [
            process.spawn(command, environment=os.environ, cwd=Path.cwd(), stdout=2, stderr=2)
            for _ in range(processes)
        ]

    def start(self) -> None:
        """Wait for all, and have locust give each its user."""
        number = len(self._children)
        self._wait_for(lambda: len(self._runner.clients.ready) == number)
        self._runner.start(number, spawn_rate=number)
        self._wait_for(lambda: self._runner.user_count == number)

    def tell(self, orders: Sequence[Order], timeout_s: float = _ANSWER_S) -> list[Answer]:
        """Send each order to a worker of its own, and collect an answer for each.

        Raises:
            RuntimeError: a worker failed, ended, or is silent.
        """
        while not self._answers.empty():
            self._answers.get()
        for client, order in zip(sorted(self._runner.clients), orders, strict=False):
            self._runner.send_message("order", dict(order), client)
        deadline = time.monotonic() + timeout_s
        answers: list[Answer] = []
        while len(answers) < len(orders):
            try:
                answers.append(self._answers.get(timeout=_LOOK_S))
            except Empty:
                self._check(deadline)
        for answer in answers:
            if "short" in answer:
                raise Short(answer["short"])
            if answer.get("event") == "failed":
                raise RuntimeError(f"a worker of the load driver failed: {answer['reason']}")
        return answers

    def end(self) -> None:
        self._runner.quit()
        for child in self._children:
            process.stop(child, signal.SIGKILL, 0.0)

    @property
    def number(self) -> int:
        return len(self._children)

    def _wait_for(self, reached: Any) -> None:
        deadline = time.monotonic() + _START_S
        while not reached():
            self._check(deadline)
            gevent.sleep(0.01)

    def _check(self, deadline: float) -> None:
        ended = [child.returncode for child in self._children if child.poll() is not None]
        if ended:
            raise RuntimeError(f"a worker of the load driver {how_ended(ended[0])}")
        if time.monotonic() > deadline:
            raise RuntimeError("a worker of the load driver is silent")


def _direct(order: Order, generator: LoadGenerator, workers: Workers, emit: Tell) -> None:
    """Have an order obeyed: trials by the workers, everything else by the master itself."""
    if order["order"] == "block":
        for trial in map(read_trial_order, order["trials"]):
            emit({"event": "trial", **asdict(_shared(trial, generator, workers))})
        emit({"event": "done"})
        return
    if order["order"] in ("targets", "scenarios"):
        workers.tell([order] * workers.number)
    generator.obey(order)


def _shared(trial: TrialOrder, generator: LoadGenerator, workers: Workers) -> Trial:
    generator.reset(trial.database)
    try:
        answer_s = workers.answer_s.get(trial.case, 0.0)
        if generator.logs_in(trial):
            users = shared_trial.split(trial, workers.number, answer_s)
            workers.tell([{"prepare": asdict(order)} for order in users], trial.most_s() + _ANSWER_S)
        orders = shared_trial.split(trial, workers.number, answer_s)
        parts = [{"trial": asdict(order)} for order in orders]
        merged = shared_trial.merge([read_trial(a) for a in workers.tell(parts, trial.most_s() + _ANSWER_S)])
        workers.answer_s[trial.case] = merged.mean_s or 0.0
        return merged
    finally:
        generator.used(trial.database, trial.scenario)
