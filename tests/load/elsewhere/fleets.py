"""Masters with their generators on several hosts, whose monotonic clocks are 10 s apart from each other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from bench.model import Closed, Trial
from proof.fleet import Master, generator, introduce, master, served, trial
from proof.hosts import Host, NoHosts, Wanted, hosts
from tests.required import lacks

CLOSED = Closed(6)
NAMES = ("one", "two", "three")
APART_S = 10


@dataclass(frozen=True)
class Fleet:
    """A server's host, on which the master is, too, and three for generators."""

    server: Host
    others: list[Host]
    master: Master
    generators: dict[str, subprocess.Popen[bytes]]

    def trial(self, length_s: float = 0.1) -> Trial:
        """One more trial."""
        (done,) = self.master.trials([trial(CLOSED, length_s)])
        return done

    def joined(self) -> list[str]:
        """Who has come so far."""
        return [event["name"] for event in self.master.said if event["state"] == "joined"]


@contextmanager
def several(*wanted: Wanted) -> Iterator[list[Host]]:
    """Such hosts, or a skipped test; `make test-all` doesn't insist on them where it isn't root's."""
    try:
        with hosts(*wanted) as made:
            yield made
    except NoHosts as error:
        if os.getuid() == 0:
            lacks(str(error))
        pytest.skip(str(error))


@contextmanager
def fleet_of(made: list[Host], number: int) -> Iterator[Fleet]:
    """So many generators, all of which take part."""
    server, *others = made
    with ExitStack() as stack:
        target = stack.enter_context(served(server))
        running = stack.enter_context(master(server, number))
        generators = {host.name: stack.enter_context(generator(host, server)) for host in others[:number]}
        assert running.event()["event"] == "ready"
        introduce(running, target)
        yield Fleet(server, others, running, generators)
