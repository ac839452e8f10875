"""How much CPU an application takes for requests, called as a server calls it. For Python 3.8 and newer.

Nothing is done with an answer but what every server does, and environs are made where no time is counted. So
what is counted is the application's own.
"""

from __future__ import annotations

import io
import resource
import time
from typing import Any, Callable

_IDLE_S = 0.05
_BATCH_S = 0.002
_MOST_AT_ONCE = 200


def measure(application: Any, command: dict[str, Any], environ_of: Callable[..., Any]) -> dict[str, Any]:
    """Call each request of `requests`, in turn, until `cpu_s` of CPU time were used or `wall_s` are over.

    Calls for `warm_s` of CPU time before, or until half of the time is over, aren't counted. A request is a
    list of the forms that it has with other values. The first one is counted at least once.

    Returns:
        `counted`: of each request its calls, CPU and wall seconds, those of the latter in which it waited for
        something else than a CPU, statuses, and the length of its last body;
        `idle`: CPU time of this process while nothing is called, as a share of one CPU.
    """
    idle = _idle()
    began = time.perf_counter()
    counted = [_Counted([environ_of(form) for form in forms]) for forms in command["requests"]]
    for number, request in enumerate(counted):
        if number == 0 or time.perf_counter() - began < command["wall_s"] / 2:
            request.warm_up(application)
    _passes(application, counted, command["warm_s"], began + command["wall_s"] / 2)
    for request in counted:
        request.forget()
    counted[0].batch(application)
    _passes(application, counted, command["cpu_s"], began + command["wall_s"])
    return {"counted": [request.said() for request in counted], "idle": idle}


def _passes(application: Any, requests: list[_Counted], cpu_s: float, until: float) -> None:
    used = 0.0
    while used < cpu_s and time.perf_counter() < until:
        for request in requests:
            if request.warm and time.perf_counter() < until:
                used += request.batch(application)


class _Counted:
    def __init__(self, environs: list[dict[str, Any]]) -> None:
        self._environs = environs
        self._at_once = 0
        self._calls = 0
        self._cpu_s = self._wall_s = self._wait_s = 0.0
        self._statuses: dict[str, None] = {}
        self._length = 0
        self._raised = ""

    # The number of calls at once is known from the first ones.
    @property
    def warm(self) -> bool:
        return self._at_once > 0

    def warm_up(self, application: Any) -> None:
        self._run(application, self._next(1))
        _, wall_s = self._run(application, self._next(1)) if self._wall_s < _IDLE_S else (0.0, self._wall_s)
        self._at_once = max(1, min(_MOST_AT_ONCE, int(_BATCH_S / max(wall_s, 1e-9))))

    def forget(self) -> None:
        """Count from now on."""
        self._calls, self._cpu_s, self._wall_s, self._wait_s = 0, 0.0, 0.0, 0.0

    def batch(self, application: Any) -> float:
        """Call it a few times; return the CPU time that it took."""
        return self._run(application, self._next(self._at_once))[0]

    def said(self) -> dict[str, Any]:
        return {
            "calls": self._calls,
            "cpu_s": self._cpu_s,
            "wall_s": self._wall_s,
            "wait_s": self._wait_s,
            "statuses": list(self._statuses),
            "length": self._length,
            "raised": self._raised,
        }

    def _next(self, calls: int) -> list[dict[str, Any]]:
        # The application may change its environ.
        forms = len(self._environs)
        return [
            {**self._environs[(self._calls + number) % forms], "wsgi.input": io.BytesIO()}
            for number in range(calls)
        ]

    def _run(self, application: Any, environs: list[dict[str, Any]]) -> tuple[float, float]:
        queued_s, cpu_s, wall_s = _queued_s(), _cpu_s(), time.perf_counter()
        for environ in environs:
            try:
                self._call(application, environ)
            except Exception as error:
                self._raised = type(error).__name__
        cpu_s, wall_s = _cpu_s() - cpu_s, time.perf_counter() - wall_s
        self._wait_s += max(0.0, wall_s - cpu_s - (_queued_s() - queued_s))
        self._calls += len(environs)
        self._cpu_s += cpu_s
        self._wall_s += wall_s
        return cpu_s, wall_s

    def _call(self, application: Any, environ: dict[str, Any]) -> None:
        result = application(environ, self._start_response)
        length = 0
        try:
            for part in result:
                length += len(part)
        finally:
            if hasattr(result, "close"):
                result.close()
        self._length = length

    def _start_response(self, status: str, _headers: Any, _exc_info: Any = None) -> Callable[[bytes], None]:
        self._statuses[status[:3]] = None
        return _write


def _write(_part: bytes) -> None:
    """What an application that writes its body itself writes to."""


def _cpu_s() -> float:
    """Of all threads of this process, and of the processes that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _queued_s() -> float:
    """How long this thread has waited for a CPU: https://docs.kernel.org/scheduler/sched-stats.html"""
    try:
        with open("/proc/thread-self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _idle() -> float:
    cpu_s, wall_s = _cpu_s(), time.perf_counter()
    time.sleep(_IDLE_S)
    return (_cpu_s() - cpu_s) / (time.perf_counter() - wall_s)
