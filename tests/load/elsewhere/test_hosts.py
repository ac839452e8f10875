"""Hosts that a test makes are gone with it, however it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from proof.hosts import NoHosts, Wanted, hosts
from proof.machine import ROOT
from tests.load.elsewhere.fleets import several
from tests.patience import HANGS_S

MAKING = """
import sys
from proof.hosts import Wanted, hosts

with hosts(Wanted("near"), Wanted("far", round_trip_s=0.001)) as made:
    made[0].popen(["sleep", "600"])
    print(flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_hosts_whose_process_is_ended(sign: signal.Signals) -> None:
    with several(Wanted("any")):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", MAKING],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        theirs = psutil.Process(child.pid).children(recursive=True)
        names = [each.name() for each in theirs]
        child.send_signal(sign)
    assert names.count("cat") == 3
    assert {"nsenter", "sleep"} & set(names)
    deadline = time.monotonic() + HANGS_S
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in theirs):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_hosts_reach_each_other_until_a_cable_is_pulled() -> None:
    with several(Wanted("one"), Wanted("two", ahead_s=1000)) as (one, two):
        time_there = ["python3", "-c", "import time; print(time.monotonic())"]
        before = float(subprocess.check_output(one.command(time_there)))
        after = float(subprocess.check_output(two.command(time_there)))
        assert after - before >= 1000
        assert one.processes() == two.processes() == []
        with one.network():
            listener = socket.create_server((one.address, 5000))
        with listener, two.network():
            socket.create_connection((one.address, 5000), timeout=HANGS_S).close()
            two.cut()
            with pytest.raises(OSError, match=r"timed out|No route to host"):
                socket.create_connection((one.address, 5000), timeout=0.1)
            two.join()
            socket.create_connection((one.address, 5000), timeout=HANGS_S).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((one.address, 5001), timeout=HANGS_S)


def test_a_cable_loses_what_it_is_to_lose() -> None:
    with several(Wanted("one"), Wanted("two", loss=1.0)) as (one, two):
        with one.network():
            listener = socket.create_server((one.address, 5000))
        with listener, two.network(), pytest.raises(TimeoutError):
            socket.create_connection((one.address, 5000), timeout=0.2)


def test_where_there_can_be_no_hosts_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 1000)
    with pytest.raises(NoHosts, match="take root and ip, nsenter, unshare"), hosts(Wanted("one")):
        pass
