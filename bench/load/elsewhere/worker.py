"""A generator on another host: locust's worker, which does what its master sends."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gevent.queue import Queue
from locust import runners
from locust.env import Environment
from locust.runners import WorkerRunner

from bench.load.clock import now_ns
from bench.load.elsewhere.about import about
from bench.load.elsewhere.keys import Keys
from bench.load.elsewhere.pulse import keep_saying
from bench.load.elsewhere.said import GONE, REFUSED
from bench.load.elsewhere.sockets import seal
from bench.load.generator import LoadGenerator
from bench.load.protocol import read_trial_order
from bench.load.users import Order, settle_memory, user_class
from bench.load.workers import bear_silence

# Of 5 s each; locust's own number is 60, and nobody who waits for a run to begin waits here.
_ATTEMPTS = 3


def serve_generator(generator: LoadGenerator, host: str, port: int, keys: Keys) -> None:
    """Do what the master sends, until it ends the run, or is gone."""
    inbox: Queue[Order] = Queue()
    order: dict[str, Any] = {}

    def answer(said: Mapping[str, Any]) -> None:
        runner.send_message("answer", {"token": order["token"], "answer": dict(said)})

    def obey(told: Order) -> None:
        order.update(told)
        answer(_answer(generator, told))

    def tell_time(msg: Any, **_: object) -> None:
        said = {"token": msg.data["token"], "answer": {"now_ns": now_ns()}}
        runner.send_message("answer", said)

    bear_silence()
    seal(keys)
    environment = Environment(user_classes=[user_class(inbox, obey, answer)])
    runners.CONNECT_RETRY_COUNT = _ATTEMPTS - 1
    try:
        runner: WorkerRunner = environment.create_worker_runner(host, port)
    except ConnectionError:
        os._exit(GONE)
    runner.register_message("order", lambda msg, **_: inbox.put(msg.data))
    runner.register_message("clock", tell_time)
    runner.register_message("refused", _refused)
    runner.register_message("unknown", lambda **_: os._exit(GONE))
    over: list[bool] = []
    runner.register_message("over", lambda **_: over.append(True))
    settle_memory()
    with keep_saying(host, port, keys, runner.client_id):
        runner.send_message("about", asdict(about()))
        runner.greenlet.join()
    if not over:
        # Locust ends a worker whose master doesn't know it, too: another run has begun in that one's place.
        os._exit(GONE)


def _answer(generator: LoadGenerator, told: Order) -> Mapping[str, Any]:
    if "trial" in told:
        trial = read_trial_order(told["trial"])
        assert trial.opens_ns is not None
        late_ns = now_ns() - (trial.opens_ns - round(trial.settle_s * 1e9))
        return {"trial": asdict(generator.trial(trial)), "late_s": max(0, late_ns) / 1e9}
    if "prepare" in told:
        generator.prepare(read_trial_order(told["prepare"]))
        return {}
    if "reach" in told:
        return _reached(generator, told["reach"])
    generator.obey(told["obey"])
    return {}


def _reached(generator: LoadGenerator, target: str) -> Mapping[str, Any]:
    try:
        return {"why": "", "network_s": generator.network_s(target)}
    except OSError as error:
        return {"why": f"can't reach {target}: {error.strerror or error}"}


def _refused(msg: Any, **_: object) -> None:
    print(msg.data["reason"], file=sys.stderr, flush=True)
    # Whatever it is at, nobody waits for it.
    os._exit(REFUSED)
