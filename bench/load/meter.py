"""What a trial used, read when its window opens and when it closes: CPU time, connections, what was lost."""

from __future__ import annotations

import time
from typing import Any

from bench.load.clock import now_ns
from bench.load.link import Link
from bench.load.records import Window
from bench.machine.contention import Contention
from bench.machine.counters import difference, waited_ns
from bench.machine.place import HERE
from bench.machine.usage import UsageReader


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
        at, generator = now_ns(), time.process_time_ns() + waited_ns(HERE)
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
