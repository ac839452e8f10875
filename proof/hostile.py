"""Neighbours that misbehave: does each cost its own case only, and nobody the run?"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

from bench.analysis import analyse
from bench.machine.environment import split_cpus
from bench.model import Suite
from proof.evidence import Archive, Evidence
from proof.machine import staying_on
from proof.planted.start import planted
from proof.runs import Watch, harness_run

GOOD, NARROW, ENDLESS, LATER = "good", "narrow", "endless", "endless-later"
BACKLOG = "backlog-overflow"
_PLANTS: Mapping[str, Mapping[str, Any]] = {
    GOOD: {"kind": "tail", "slow_share": 0.0, "base_s": 0.01},
    NARROW: {"kind": "narrow"},
    ENDLESS: {"kind": "endless", "answers": 0},
    LATER: {"kind": "endless", "answers": 1000},
}
_RATE = 250
_MACHINE = frozenset({"generator-bound", "drifting"})
"""Codes of what a busy machine does to a case; nothing is decided by them."""
_REQUEST_S = 1
_KNOCKS = 8
_KNOCK_EVERY_S = 0.1

Options = tuple[str, ...]
"""Of `wsgi-bench run`, that say how much to measure."""


def backlogs(archive: Archive, *, options: Options) -> Evidence:
    """A server with a narrow backlog and a good one, while another program's listen queue overflows."""
    with planted("deaf") as deaf:
        suite = _run(archive, "backlogs", (GOOD, NARROW), options, lambda child: _knock(deaf, child))
    return judged_backlogs(suite)


def judged_backlogs(suite: Suite) -> Evidence:
    """Whether the narrow one's overflow is told, and not the stranger's, which the machine has counted."""
    told = {server: BACKLOG in codes for server, codes in _codes(suite, (GOOD, NARROW)).items()}
    drops = sum(
        max(trial.host.get("listen_drops", 0.0), trial.host.get("listen_overflows", 0.0))
        for trial in suite.trials
        if trial.case.startswith(f"{GOOD}/")
    )
    return Evidence(
        reached=", ".join(f"{server}: {'told' if it else 'not told'}" for server, it in told.items()),
        holds=(told[NARROW] and not told[GOOD]) if drops else None,
        note=f"in the good one's trials the machine refused {drops:.0f} connections of the other program"
        if drops
        else "the other program's listen queue did not overflow in the good one's trials",
        raw={"codes": {server: list(codes) for server, codes in _codes(suite, (GOOD, NARROW)).items()}},
    )


def endless(archive: Archive, *, options: Options, most_s: float) -> Evidence:
    """A good server beside one whose answers never end, and one of which that is true after a while."""
    return judged_endless(_run(archive, "endless", (GOOD, ENDLESS, LATER), options), most_s)


def judged_endless(suite: Suite, most_s: float) -> Evidence:
    """Whether the run ended in time, the good one's cases are valid, and no other is."""
    took_s = _took_s(suite)
    in_time = suite.complete and took_s <= most_s
    verdicts = analyse(suite).verdicts
    valid = {case.id for case in suite.plan.cases if verdicts[case.id].valid}
    deployments = {deployment.name for deployment in suite.plan.deployments if deployment.server.name == GOOD}
    good = {case.id for case in suite.plan.cases if case.deployment in deployments}
    spoiled = [verdicts[id_] for id_ in sorted(good - valid)]
    busy = valid < good and {code for verdict in spoiled for code in verdict.codes} <= _MACHINE
    return Evidence(
        reached=f"ended after {took_s:.0f} s of at most {most_s:g} s; valid: {len(valid & good)} of the "
        f"{len(good)} cases of the good one and its twin, {len(valid - good)} of "
        f"{len(verdicts) - len(good)} others",
        holds=None if in_time and busy else in_time and valid == good,
        note="; ".join(reason for verdict in spoiled for reason in verdict.reasons),
        raw={"took_s": took_s, "valid": sorted(valid)},
    )


def _took_s(suite: Suite) -> float:
    """From the run's start to its end."""
    if suite.finished is None:
        return math.inf
    return (datetime.fromisoformat(suite.finished) - datetime.fromisoformat(suite.started)).total_seconds()


def _run(
    archive: Archive, name: str, servers: Sequence[str], options: Options, watch: Watch | None = None
) -> Suite:
    with ExitStack() as stack:
        with staying_on(split_cpus().server):
            urls = {server: stack.enter_context(planted(**_PLANTS[server])) for server in servers}
        targets = [word for server, url in urls.items() for word in ("--target", f"{server}={url}")]
        return harness_run(
            archive.runs(name),
            *("--scenarios", "hello", "--rate", str(_RATE), "--timeout", str(_REQUEST_S)),
            *("--seed", "1", *options, *targets),
            whole=True,
            watch=watch,
        )


def _codes(suite: Suite, servers: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What is said against the cases of each server."""
    verdicts = analyse(suite).verdicts
    return {
        server: [
            code for case in suite.plan.cases if case.server == server for code in verdicts[case.id].codes
        ]
        for server in servers
    }


def _knock(url: str, child: Popen[bytes]) -> None:
    """Ask for connections that nobody accepts, until the run has ended."""
    address = urlsplit(url)
    while child.poll() is None:
        with _asking((address.hostname or "", address.port or 0)):
            time.sleep(_KNOCK_EVERY_S)


@contextmanager
def _asking(address: tuple[str, int]) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(_KNOCKS):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(address)
        yield
