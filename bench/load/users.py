"""Locust around the engine: a `User` that owns every connection and works through the orders."""

from __future__ import annotations

import gc
import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import locust
from gevent.fileobject import FileObject
from gevent.queue import Queue
from locust import User, constant, task
from locust.env import Environment

from bench.load.engine import Engine


def serve(engine: Engine, emit: Callable[[Mapping[str, Any]], None], orders_fd: int) -> None:
    """Run one locust user that obeys the orders read from `orders_fd`, until their end."""
    inbox: Queue[Mapping[str, Any]] = Queue()

    class LoopUser(User):
        wait_time = constant(0)

        @task
        def obey(self) -> None:
            order = inbox.get()
            try:
                engine.obey(order)
            except Exception as error:
                traceback.print_exc()
                emit({"event": "failed", "reason": f"{type(error).__name__}: {error}"})

    environment = Environment(user_classes=[LoopUser])
    runner = environment.create_local_runner()
    runner.start(1, spawn_rate=1)
    # What is loaded by now stays: the collection before each trial then takes 1 ms instead of 40.
    gc.collect()
    gc.freeze()
    emit({"event": "ready", "locust": locust.__version__})
    for text in FileObject(orders_fd, "rb", close=False):
        order = json.loads(text)
        if order["order"] == "end":
            break
        inbox.put(order)
    runner.quit()
    engine.close()
