"""A driver for a locust file: each trial in a process of its own, forked before the file is imported.

A file keeps state, as a list of accounts from which each user takes one: in the same process the second trial
would find it empty. So each trial is what a run of locust is, and what the file does to its process ends with
it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import gevent.monkey
import gevent.os

from bench.load.fileusers import FileUsers
from bench.load.generator import LoadGenerator
from bench.load.protocol import failed, read_trial_order
from bench.load.userfile import Refused
from bench.load.users import END, Order, Tell, guarded, ready, settle_memory
from bench.machine import process
from bench.machine.process import how_ended
from bench.model import Trial, TrialOrder

_PIECE = 1 << 16
# Gevent's own leaves it to its loop, which doesn't run here.
_close = gevent.monkey.get_original("os", "close")
_MOST_LOGGED = 20


def serve(generator: LoadGenerator, users: FileUsers, emit: Tell, orders_fd: int, folder: str) -> None:
    """Obey the orders from `orders_fd`, until their end.

    Args:
        users: whose `conduct` is the generator's.
        folder: in which the file runs.
    """
    settle_memory()
    emit(ready())
    for order in _orders(orders_fd):
        guarded(partial(_obey, order, generator, users, emit, folder), emit)
    generator.close()


def _orders(orders_fd: int) -> Iterator[Order]:
    """Each line, until the order to end or the end of the file."""
    with os.fdopen(orders_fd, "rb", buffering=0, closefd=False) as file:
        while text := file.readline():
            order = json.loads(text)
            if order == END:
                break
            yield order


def _obey(order: Order, generator: LoadGenerator, users: FileUsers, emit: Tell, folder: str) -> None:
    if order["order"] != "block":
        generator.obey(order)
        return
    for trial in map(read_trial_order, order["trials"]):
        generator.reset(trial.database)
        try:
            answer = _apart(partial(_trial, trial, generator, users), folder, users.name)
        finally:
            generator.used(trial.database, trial.scenario)
        if answer.get("event") == "failed":
            emit(answer)
            return
        users.names = answer["names"]
        emit({"event": "trial", **answer["trial"]})
    emit({"event": "done"})


def _trial(order: TrialOrder, generator: LoadGenerator, users: FileUsers) -> Mapping[str, Any]:
    trial: Trial = generator.trial(replace(order, database=None))
    return {"trial": asdict(replace(trial, statuses=users.statuses)), "names": users.names}


def _apart(work: Callable[[], Mapping[str, Any]], folder: str, name: str) -> Mapping[str, Any]:
    """Do it in a child process; what it returns, or the event that says why it couldn't.

    Args:
        folder: in which it runs.
        name: of the locust file.

    Raises:
        RuntimeError: the child ended without a word.
    """
    parent = os.getpid()
    read_end, write_end = os.pipe()
    child = gevent.os.fork_gevent()
    if not child:
        _close(read_end)
        _in_child(work, folder, name, parent, write_end)
    _close(write_end)
    with os.fdopen(read_end, "rb") as file:
        text = file.read()
    _, ended = os.waitpid(child, 0)
    if not text:
        how = how_ended(os.waitstatus_to_exitcode(ended))
        raise RuntimeError(f"the process of a trial, in which the locust file ran, {how}")
    answer: Mapping[str, Any] = json.loads(text)
    return answer


def _in_child(
    work: Callable[[], Mapping[str, Any]], folder: str, name: str, parent: int, write_end: int
) -> None:
    """Never returns: what stands further up the stack is the parent's."""
    code = 1
    try:
        process.end_with(parent)
        # The orders aren't the file's to read.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.chdir(folder)
        _log_little()
        try:
            answer = work()
        except Refused as error:
            answer = _refused(str(error))
        except SystemExit as error:
            # A task's own ends everything, where gevent is.
            answer = _refused(f"{name} ended its process: sys.exit({error.code!r})")
        except Exception as error:
            traceback.print_exc()
            answer = failed(error)
        left = json.dumps(answer).encode()
        while left:
            left = left[os.write(write_end, left[:_PIECE]) :]
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _refused(reason: str) -> Mapping[str, Any]:
    return {"event": "failed", "refused": True, "reason": reason}


def _log_little() -> None:
    """Locust logs each exception with its traceback: a task that always fails would fill the disk."""
    logged = 0

    def few(_record: logging.LogRecord) -> bool:
        nonlocal logged
        logged += 1
        return logged <= _MOST_LOGGED

    handler = logging.StreamHandler()
    handler.addFilter(few)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
