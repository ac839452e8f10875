"""Counts connections to databases while servers are warmed up, when no time is counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bench.machine.peers import peers
from bench.machine.place import Place
from bench.model import Target
from bench.model.errors import EngineError

_EVERY_S = 0.05


class PeersWatch:
    """Looks again and again while the block lasts.

    Attributes:
        most: by deployment and address, the most that were open at a time.
    """

    def __init__(self, place: Place, targets: Sequence[Target]) -> None:
        self._place = place
        self._pids = {target.deployment: pid for target in targets if (pid := target.usage.pid) is not None}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most: dict[str, Counter[str]] = {name: Counter() for name in self._pids}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        took_s = 0.0
        while True:
            # A look takes long where load has left many connections.
            over = self._over.wait(max(_EVERY_S, took_s))
            began_s = time.monotonic()
            try:
                counted = peers(self._pids, self._place)
            except EngineError:
                # Of a machine that is out of reach; whoever waits for this reads there next, and says so.
                return
            for name, most in counted.items():
                self.most[name] |= most
            took_s = time.monotonic() - began_s
            if over:
                return
