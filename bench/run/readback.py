"""Reads back what servers, load generator and Redis may use: an engine may take limits and not keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.deploy import Runtime
from bench.load.client import LoadDriver
from bench.machine import confinement
from bench.machine.usage import members
from bench.model import Confined, Target
from bench.store import Writer


class Readback:
    """Looks while no time is counted, and saves what wasn't seen before."""

    def __init__(self, runtime: Runtime, driver: LoadDriver, writer: Writer) -> None:
        self._runtime = runtime
        self._driver = driver
        self._writer = writer
        self._saved: set[Confined] = set()

    def look(self, round_number: int, targets: Iterable[Target]) -> None:
        """Read of all that runs now."""
        new = [reading for reading in self._read(round_number, targets) if reading not in self._saved]
        self._saved.update(new)
        self._writer.append(confined=new)

    def _read(self, number: int, targets: Iterable[Target]) -> Iterator[Confined]:
        place = self._runtime.place
        for target in targets:
            asked = self._runtime.asked("server", target.deployment)
            if asked is not None:
                read = confinement.read(members(target.usage, place), place)
                yield Confined("server", target.deployment, number, asked, read)
        asked = self._runtime.asked("generator")
        if asked is not None:
            yield Confined("generator", "", number, asked, self._driver.confinement())
        asked, store = self._runtime.asked("store"), self._runtime.store_usage()
        if asked is not None and store is not None:
            yield Confined("store", "", number, asked, confinement.read(members(store, place), place))
