"""Processes that are known by a variable of their environment, whatever session they went to."""

from __future__ import annotations

import os

import psutil

_LOOKS = 10


def end_marked(name: str, value: str) -> None:
    """Kill every process of this user that has that variable, and those that it starts meanwhile."""
    for _ in range(_LOOKS):
        marked = [
            each for each in psutil.process_iter() if each.pid != os.getpid() and _has(each, name, value)
        ]
        if not marked:
            return
        for each in marked:
            try:
                each.kill()
                each.wait(1.0)
            except psutil.Error:
                continue


def _has(each: psutil.Process, name: str, value: str) -> bool:
    try:
        running = each.pid != os.getpid() and each.status() != psutil.STATUS_ZOMBIE
        return running and each.environ().get(name) == value
    except (psutil.Error, OSError):
        return False
