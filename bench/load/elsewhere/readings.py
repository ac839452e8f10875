"""What is read on the master's host while others make the load: the server's CPU time, and counters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gevent

from bench.load.clock import now_ns
from bench.load.meter import Meter
from bench.load.records import Window
from bench.machine.counters import difference, read_host
from bench.machine.place import HERE
from bench.model import Trial, TrialOrder


@dataclass(frozen=True)
class ServerReadings:
    """Differences over a trial's window, as `Meter` gives them for each length of it."""

    meter: Meter
    opens_ns: int
    host: dict[str, float]

    def put_into(self, trial: Trial) -> Trial:
        """The trial with them: its parts have read nothing of the server."""
        closed = self.opens_ns + round(trial.duration_s * 1e9)
        readings, contended = self.meter.readings(Window(self.opens_ns, closed))
        return replace(trial, cpu_s=readings["cpu_s"], host=self.host | contended)


class WindowReadings:
    """Reads as the window of a trial opens and closes, while the master waits for its generators.

    Args:
        order: of one of them, by this process's clock.
    """

    def __init__(self, meter: Meter, order: TrialOrder) -> None:
        assert order.opens_ns is not None
        self._meter = meter
        self._opens_ns = order.opens_ns
        self._closes_ns = order.opens_ns + round(order.length_s * 1e9)
        self._reading = gevent.spawn(self._read)

    def taken(self) -> ServerReadings:
        """Those of the window, once it is over; a trial that was given up may still have it before it."""
        host: dict[str, float] = self._reading.get()
        return ServerReadings(self._meter, self._opens_ns, host)

    def _read(self) -> dict[str, Any]:
        host = read_host(HERE)
        for at_ns in (self._opens_ns, self._closes_ns):
            gevent.sleep(max(0, at_ns - now_ns()) / 1e9)
            self._meter.mark()
        return difference(host, read_host(HERE))
