"""Locust around the load generator: a `User` that owns every connection and works through the orders."""

from __future__ import annotations

import gc
import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import locust
from gevent.fileobject import FileObject
from gevent.queue import Queue
from locust import User, constant, task
from locust.env import Environment

from bench.load.generator import LoadGenerator
from bench.load.protocol import failed

Order = Mapping[str, Any]
Tell = Callable[[Mapping[str, Any]], None]

END: Order = {"order": "end"}


def serve(generator: LoadGenerator, emit: Tell, orders_fd: int) -> None:
    """One process: run a locust user that obeys the orders from `orders_fd`, until their end."""
    inbox: Queue[Order] = Queue()
    environment = Environment(user_classes=[user_class(inbox, generator.obey, emit)])
    runner = environment.create_local_runner()
    runner.start(1, spawn_rate=1)
    settle_memory()
    emit(ready())
    # What is under way is broken off: whoever closes the orders waits for no more answers.
    gevent.spawn(read_orders, orders_fd, inbox).join()
    runner.quit()
    generator.close()


def user_class(inbox: Queue[Order], obey: Callable[[Order], None], tell: Tell) -> type[User]:
    """The user of one process: it obeys whatever comes into its inbox."""

    class LoopUser(User):
        wait_time = constant(0)

        @task
        def work(self) -> None:
            order = inbox.get()
            guarded(lambda: obey(order), tell)

    return LoopUser


def guarded(work: Callable[[], None], tell: Tell) -> None:
    """Do it; what goes wrong is told, and the process goes on."""
    try:
        work()
    except Exception as error:
        traceback.print_exc()
        tell(failed(error))


def read_orders(orders_fd: int, inbox: Queue[Order]) -> None:
    """Put each line into the inbox, until the order to end or the end of the file."""
    for text in FileObject(orders_fd, "rb", close=False):
        order = json.loads(text)
        if order == END:
            break
        inbox.put(order)


def ready() -> Mapping[str, Any]:
    """The driver's first event."""
    return {"event": "ready", "locust": locust.__version__}


def settle_memory() -> None:
    """What is loaded by now stays: the collection before each trial then takes 1 ms instead of 40."""
    gc.collect()
    gc.freeze()


def breathe() -> None:
    """Let locust's own greenlets run: heartbeats, stop, statistics."""
    gevent.idle()
