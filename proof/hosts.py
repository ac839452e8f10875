"""Several hosts on this machine: namespaces of network, time and name, joined by a bridge.

Each is kept by a process that ends with this one, and the kernel removes a namespace, and the network devices
in it, with its last process. So nothing is left behind, even by a run that is killed, and nothing stands in
this machine's own network.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.machine import process
from bench.model.errors import MachineError
from proof.machine import ROOT

# For tests of networks (RFC 2544). Nobody outside of these namespaces sees them.
_ADDRESSES = "198.18.0."
_BITS = 24
_TOOLS = ("ip", "nsenter", "unshare")
_TAPS = Path("/dev/net/tun")
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class NoHosts(MachineError):
    """There can't be several hosts here; says why."""


@dataclass(frozen=True)
class Wanted:
    """What a host is to be.

    Attributes:
        ahead_s: how far its monotonic clock is ahead of this machine's.
        round_trip_s: what its cable adds to a question and its answer, half of it each way.
        loss: the share of frames that its cable loses.
    """

    name: str
    ahead_s: int = 0
    round_trip_s: float = 0.0
    loss: float = 0.0


@dataclass(frozen=True)
class Host:
    """One of them.

    Attributes:
        holder: the process that keeps it.
        switch: the one that keeps what joins them.
    """

    name: str
    address: str
    holder: int
    switch: int

    def command(self, argv: Sequence[str]) -> list[str]:
        """What this machine has to run so that `argv` runs there."""
        return ["nsenter", "--target", str(self.holder), "--net", "--time", "--uts", "--", *argv]

    def popen(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] = os.environ,
        *,
        cwd: Path = ROOT,
        stdin: int | IO[Any] = subprocess.DEVNULL,
        stdout: int | IO[Any] = subprocess.DEVNULL,
        stderr: int | IO[Any] = subprocess.STDOUT,
    ) -> subprocess.Popen[bytes]:
        """Start a command there, in a session of its own; it is killed when this process ends."""
        return process.spawn(
            self.command(argv),
            environment=environment,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    def processes(self) -> list[int]:
        """What runs there, but for what keeps it."""
        network = Path(f"/proc/{self.holder}/ns/net").stat()
        there = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                keeps = int(folder.name) == self.holder or (folder / "comm").read_text() == "unshare\n"
                if (folder / "ns/net").stat().st_ino == network.st_ino and not keeps:
                    there.append(int(folder.name))
        return there

    def cut(self) -> None:
        """Pull its cable: whoever talks to it hears nothing more, and no error."""
        process.run([*_at(self.switch), "ip", "link", "set", _port(self.name), "down"])

    def join(self) -> None:
        """Put it in again."""
        process.run([*_at(self.switch), "ip", "link", "set", _port(self.name), "up"])

    @contextmanager
    def network(self) -> Iterator[None]:
        """Have this thread's new sockets be of that host while the block lasts."""
        with (
            Path("/proc/thread-self/ns/net").open() as own,
            Path(f"/proc/{self.holder}/ns/net").open() as its,
        ):
            _enter(its)
            try:
                yield
            finally:
                _enter(own)


@contextmanager
def hosts(*wanted: Wanted) -> Iterator[list[Host]]:
    """Such hosts, each of which reaches the others, while the block lasts.

    Raises:
        NoHosts: there can be none here.
    """
    if os.getuid() != 0 or not all(map(shutil.which, _TOOLS)):
        raise NoHosts(f"Several hosts on one machine take root and {', '.join(_TOOLS)}")
    if not _TAPS.exists() and any(want.round_trip_s or want.loss for want in wanted):
        raise NoHosts(f"A cable with delay takes {_TAPS}")
    with ExitStack() as stack:
        switch = stack.enter_context(_held(Wanted("switch")))
        process.run(
            [*_at(switch), "ip", "-batch", "-"], stdin="link add bridge type bridge\nlink set bridge up\n"
        )
        made = [
            Host(want.name, f"{_ADDRESSES}{number}", stack.enter_context(_held(want)), switch)
            for number, want in enumerate(wanted, start=1)
        ]
        for want, host in zip(wanted, made, strict=True):
            stack.enter_context(_cable(want, host))
        yield made


@contextmanager
def _held(want: Wanted) -> Iterator[int]:
    """Namespaces, and the process that keeps them."""
    ahead = ("--monotonic", str(want.ahead_s), "--boottime", str(want.ahead_s))
    keep = ("sh", "-c", 'echo "$0" > /proc/sys/kernel/hostname && echo $$ && exec cat', want.name)
    holder = process.spawn(
        ["unshare", "--net", "--time", "--uts", *ahead, "--fork", "--kill-child", *keep],
        environment=os.environ,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder.stdin, holder.stdout:
        try:
            said = holder.stdout.readline().decode()
            if not said.strip().isdigit():
                raise NoHosts(
                    f"There can be no second host here: {(said + holder.stdout.read().decode()).strip()}"
                )
            yield int(said)
        finally:
            process.stop(holder, signal.SIGKILL, 0.0)


@contextmanager
def _cable(want: Wanted, host: Host) -> Iterator[None]:
    """Join a host to the bridge: by a pair of network devices, or by a process that sends frames on later."""
    port = _port(want.name)
    relay = None
    if want.round_trip_s or want.loss:
        told = [port, str(host.holder), str(want.round_trip_s / 2), str(want.loss)]
        relay = process.spawn(
            [*_at(host.switch), sys.executable, "-m", "proof.planted.relay", *told],
            environment=os.environ,
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert relay.stdout is not None
    try:
        if relay is None:
            pair = f"link add {port} type veth peer name eth0 netns {host.holder}\n"
            process.run([*_at(host.switch), "ip", "-batch", "-"], stdin=pair)
        elif relay.stdout is not None:
            relay.stdout.readline()
        process.run([*_at(host.switch), "ip", "-batch", "-"], stdin=f"link set {port} master bridge up\n")
        process.run(
            host.command(["ip", "-batch", "-"]),
            stdin=f"address add {host.address}/{_BITS} dev eth0\nlink set eth0 up\nlink set lo up\n",
        )
        yield
    finally:
        if relay is not None and relay.stdout is not None:
            relay.stdout.close()
            process.stop(relay, signal.SIGKILL, 0.0)


def _at(holder: int) -> list[str]:
    return ["nsenter", "--target", str(holder), "--net", "--"]


def _port(name: str) -> str:
    return f"to-{name}"


def _enter(namespace: IO[str]) -> None:
    # os.setns() is there from Python 3.12 on.
    if _libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "can't enter that network")
