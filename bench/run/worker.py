"""A load generator of another host's run: it waits, takes part, and waits again if the run is gone."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.load.elsewhere.keys import SECRET_VARIABLE, keys_of
from bench.load.elsewhere.knock import Heard, wait_for_master
from bench.load.elsewhere.said import GONE, REFUSED
from bench.machine import process
from bench.machine.interrupt import shield
from bench.machine.ours import environment_of_ours
from bench.machine.process import how_ended
from bench.model.errors import DriverError, MachineError, UsageError
from bench.model.hostport import written

WAIT_S = 600.0
"""How long a run is waited for, and again after it is gone."""
_PAUSE_S = 1.0


def work(address: tuple[str, int], variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Take part until the run has ended.

    Args:
        address: of the run's master.
        variables: of the generator's process, with the secret.

    Raises:
        UsageError: the run doesn't take it: another secret, or another version.
        MachineError: there is no run in `WAIT_S`.
    """
    host, port = address
    name = f"{host}:{port}"
    keys = keys_of(variables[SECRET_VARIABLE])
    while True:
        heard = wait_for_master(
            host,
            port,
            keys,
            WAIT_S,
            lambda: say(f"waiting for a run at {name}{_unknown(host)}; Ctrl-C ends this"),
        )
        if heard is Heard.NOBODY:
            raise MachineError(
                f"Nobody at {name} answered in {WAIT_S / 60:g} minutes. Is the run started there with "
                f"--generators and --bind, and does no firewall stand between?"
            )
        if heard is Heard.STRANGER:
            raise UsageError(
                f"Somebody answers at {name}, but doesn't know this secret: {SECRET_VARIABLE} has to be the "
                f"same here and there. (Or it is no run of wsgi-bench.)"
            )
        say(f"there is a run at {name}")
        code = _one(host, port, variables)
        if code == REFUSED:
            raise UsageError(f"The run at {name} doesn't take this generator: its reason stands above.")
        if code == 0:
            say(f"the run at {name} has ended")
            return
        if code != GONE:
            raise DriverError(f"the load generator {how_ended(code)}")
        say(f"the run at {name} is gone")
        time.sleep(_PAUSE_S)


def _unknown(host: str) -> str:
    """That a name has no address, to follow it: it may be misspelt, or be given later."""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return " (no host has that name so far)"
    return ""


def _one(host: str, port: int, variables: Mapping[str, str]) -> int:
    """A process of it from start to end; its exit code."""
    place = written(host, port)
    child = None
    try:
        with shield():
            child = process.spawn(
                [sys.executable, "-m", "bench.load.driver", "--master", place],
                environment={**environment_of_ours(), **variables},
                cwd=Path.cwd(),
                stdout=2,
                stderr=2,
            )
        return child.wait()
    finally:
        with shield():
            if child is not None:
                process.stop(child, signal.SIGKILL, 0.0)
