"""The proof's claims about planted servers: what they decide, from planted or stored counts."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.machine import process
from bench.machine.place import HERE
from bench.model import Estimate, Suite, Trial
from bench.model.errors import MachineError
from proof import constant, delays, hostile, large, lookalikes, short_lived, short_trials
from proof.evidence import Archive
from proof.planted import forking
from proof.planted.start import planted
from proof.tools import read_wrk
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
Change = Callable[[Trial], Trial]


def changed(suite: Suite, change: Mapping[str, Change]) -> Suite:
    """The suite with the trials of some servers and loads, e.g. "gunicorn closed", changed."""
    models = {case.id: f"{case.server} {case.load.model}" for case in suite.plan.cases}
    trials = tuple(
        change[models[trial.case]](trial) if models[trial.case] in change else trial for trial in suite.trials
    )
    return replace(suite, trials=trials)


def test_a_closed_trial_counts_what_was_sent_in_its_window() -> None:
    suite = make_suite({"gunicorn": 100.0}, rounds=1, blocks=1, open_rate=None)
    trial = replace(suite.trials[0], at_s=1.0, duration_s=1.0)
    second = 1_000_000_000
    before, inside, after = (
        (round(read * second), round((read + 0.75) * second)) for read in (0.5, 1.5, 2.1)
    )
    assert delays._true_s([before, inside, after], [trial]) == [0.75]


def test_a_ratio_of_trials_is_one_of_sums() -> None:
    blocks = [{"a": math.log(1.0), "b": math.log(4.0)}, {"a": math.log(5.0), "b": math.log(2.0)}]
    assert short_trials._location([*blocks, {"a": 9.0}], ("a", "b")) == pytest.approx(0.0)
    assert short_trials._location([{"a": 9.0}], ("a", "b")) is None


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        ([Estimate(0.8, 0.7, 0.9), Estimate(0.6, 0.55, 0.7)], True),
        ([Estimate(0.8, 0.7, 0.9), Estimate(0.4, 0.3, 0.45)], False),
        ([Estimate(0.8, 0.7, 0.9), Estimate(0.52, 0.45, 0.6)], None),
        ([Estimate(0.45, 0.2, 0.7), Estimate(0.4, 0.3, 0.45)], False),
        ([Estimate(0.8), Estimate(0.6)], True),
        ([Estimate(0.8), Estimate(0.4)], False),
    ],
)
def test_a_ratio_that_must_be_large_enough(found: list[Estimate], holds: bool | None) -> None:
    assert large.at_least(dict(enumerate(found)), 0.5) is holds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "bytes_s"), [("250.50MB", 250.5 * 2**20), ("1.25GB", 1.25 * 2**30), ("12.00KB", 12288.0)]
)
def test_what_wrk_says_of_bytes(size: str, bytes_s: float) -> None:
    turn = read_wrk(f"  9 requests in 1.0s\nRequests/sec:     8.96\nTransfer/sec:    {size}\n", 0.5)
    assert (turn.rps, turn.cpu_share, turn.bytes_s) == (8.96, 0.5, bytes_s)


@pytest.mark.parametrize("wrong", ["", "  Non-2xx or 3xx responses: 4\n"])
def test_what_wrk_says_of_wrong_answers_is_not_used(wrong: str) -> None:
    rates = "Requests/sec: 1.0\nTransfer/sec: 1.0KB\n" if wrong else "unable to connect\n"
    with pytest.raises(MachineError, match="not to be used"):
        read_wrk(wrong + rates, 0.5)


def costs(
    forking_s: tuple[float | None, float | None], plain_s: float | None, recycled_s: float | None
) -> dict[str, short_lived.Costs]:
    return {
        "forking": dict(zip(("processes", "cgroup"), forking_s, strict=True)),
        "gunicorn": {"processes": plain_s, "cgroup": 0.002},
        "gunicorn-recycled": {"processes": recycled_s, "cgroup": 0.009},
    }


@pytest.mark.parametrize(
    ("found", "holds", "wrong"),
    [
        (costs((0.0042, 0.0039), 0.002, 0.009), True, ""),
        (costs((None, 0.0039), 0.002, None), True, ""),
        (costs((0.0006, 0.0039), 0.002, 0.009), False, "wrong: forking, processes"),
        (costs((None, 0.0050), 0.002, 0.009), False, "wrong: forking, cgroup"),
        (costs((0.0042, 0.0039), 0.002, 0.0001), False, "wrong: gunicorn-recycled, processes"),
        (costs((0.0042, 0.0039), None, 0.0001), True, ""),
    ],
)
def test_a_cost_may_be_absent_and_not_small(
    found: dict[str, short_lived.Costs], holds: bool, wrong: str
) -> None:
    said = short_lived.judged(found, 0.004)
    assert said.holds is holds
    assert said.note == "; ".join(filter(None, ["forking counted 4.000 ms", wrong]))
    assert said.reached.count("absent") == sum(cost is None for of in found.values() for cost in of.values())


def test_costs_that_are_all_absent_decide_nothing() -> None:
    nothing: short_lived.Costs = {"processes": None}
    said = short_lived.judged({"forking": nothing, "gunicorn": nothing, "gunicorn-recycled": nothing}, 0.004)
    assert (said.holds, said.word) == (None, "undecided")


def wrong_answers(kind: str, share: float) -> Change:
    def change(trial: Trial) -> Trial:
        failed = round(trial.offered * share)
        ok = trial.offered - failed
        return replace(
            trial, ok=ok, answers=float(ok), failed=failed, errors={kind: failed} if failed else {}
        )

    return change


def looking_alike(limited: float, **others: Change) -> Suite:
    """A run of these plants at 4,000 a second; `limited` is the share that the 302 plant is said to have."""
    suite = make_suite(dict.fromkeys(("p500", "p302", "pempty"), 4000.0), rounds=2, blocks=5, noise_sd=0.0)
    planned: dict[str, Change] = {}
    for server, kind, share in (
        ("p500", "status", 0.05),
        ("p302", "status", limited),
        ("pempty", "length", 1.0),
    ):
        planned |= {f"{server} {model}": wrong_answers(kind, share) for model in ("closed", "open")}
    return changed(suite, planned | {name.replace("_", " "): one for name, one in others.items()})


def test_wrong_answers_that_are_counted_hold() -> None:
    said = lookalikes.judged(looking_alike(0.95))
    assert said.holds is True
    assert (
        said.reached == "500 5.0% of 5.0%, 302 95.0% of 95.0%, empty 100.0% of 100.0%; 6 of 6 cases invalid"
    )


@pytest.mark.parametrize(
    "suite",
    [
        looking_alike(0.90),
        looking_alike(0.95, p500_closed=wrong_answers("status", 0.065)),
        looking_alike(0.95, p500_closed=wrong_answers("length", 0.05)),
        looking_alike(0.95, pempty_closed=wrong_answers("length", 0.98)),
        looking_alike(0.95, p302_open=wrong_answers("status", 0.0)),
    ],
    ids=["too few 302", "too many 500", "of another kind", "too few empty", "a case is valid"],
)
def test_wrong_answers_that_are_not_counted_do_not_hold(suite: Suite) -> None:
    assert lookalikes.judged(suite).holds is False


def again(trial: Trial) -> Trial:
    return replace(trial, syn_retransmits=3)


def refused(trial: Trial) -> Trial:
    return replace(trial, syn_retransmits=0, host={"listen_drops": 4.0})


def unrefused(trial: Trial) -> Trial:
    return replace(trial, syn_retransmits=0, host={"listen_drops": 0.0})


@pytest.mark.parametrize(
    ("good", "narrow", "holds"),
    [(refused, again, True), (again, again, None), (refused, refused, False), (unrefused, again, None)],
)
def test_whose_listen_queue_was_full(good: Change, narrow: Change, holds: bool | None) -> None:
    suite = make_suite({"good": 2000.0, "narrow": 50.0}, rounds=2, blocks=5)
    said = hostile.judged_backlogs(
        changed(
            suite,
            {f"{server} {model}": change for server, change in (("good", good), ("narrow", narrow))
             for model in ("closed", "open")},
        )
    )  # fmt: skip
    assert said.holds is holds


def test_a_good_one_that_is_blamed_does_not_hold() -> None:
    suite = make_suite({"good": 2000.0, "narrow": 50.0}, rounds=2, blocks=5)
    both = {f"{server} {model}": again for server in ("good", "narrow") for model in ("closed", "open")}
    suite = changed(suite, both)
    said = hostile.judged_backlogs(
        replace(suite, trials=tuple(replace(t, host={"listen_drops": 4.0}) for t in suite.trials))
    )
    assert (said.holds, said.reached) == (False, "good: told, narrow: told")


def beside_endless(**changes: Change) -> Suite:
    """A run of 300 s whose good server is valid, and whose other one never answered."""
    suite = make_suite({"good": 2000.0, "endless": 50.0}, twin="good", rounds=4, blocks=10)
    planned = {f"endless {model}": wrong_answers("unfinished", 1.0) for model in ("closed", "open")}
    return changed(suite, planned | {name.replace("_", " "): one for name, one in changes.items()})


def busy(trial: Trial) -> Trial:
    return replace(trial, generator_cpu=1.0)


@pytest.mark.parametrize(
    ("suite", "most_s", "holds"),
    [
        (beside_endless(), 300.0, True),
        (beside_endless(), 299.0, False),
        (replace(beside_endless(), complete=False), 300.0, False),
        (replace(beside_endless(), finished=None), 300.0, False),
        (beside_endless(good_closed=wrong_answers("timeout", 0.5)), 300.0, False),
        (beside_endless(endless_open=wrong_answers("unfinished", 0.0)), 300.0, False),
        (beside_endless(good_closed=busy), 300.0, None),
        (beside_endless(good_closed=busy), 299.0, False),
    ],
    ids=["held", "late", "incomplete", "unfinished", "harmed", "hidden", "busy", "busy and late"],
)
def test_a_neighbour_that_never_ends_costs_its_own_case(
    suite: Suite, most_s: float, holds: bool | None
) -> None:
    assert hostile.judged_endless(suite, most_s).holds is holds


def connected(url: str) -> closing[HTTPConnection]:
    return closing(HTTPConnection(urlsplit(url).netloc, timeout=10))


def statuses(url: str, requests: int) -> list[tuple[int, int]]:
    """Status and length of so many answers, one after the other."""
    found = []
    with connected(url) as connection:
        for _ in range(requests):
            connection.request("GET", "/")
            reply = connection.getresponse()
            found.append((reply.status, len(reply.read())))
    return found


def test_planted_pages_turn_wrong_as_told() -> None:
    with planted("limited", limit=0.001) as url:
        assert statuses(url, 3) == [(200, 13), (200, 13), (302, 0)]
    with planted("emptied", answers=2) as url:
        assert statuses(url, 4) == [(200, 13), (200, 13), (200, 0), (200, 0)]


def test_a_planted_answer_never_ends() -> None:
    with planted("endless", answers=1) as url, connected(url) as connection:
        assert statuses(url, 1) == [(200, 13)]
        connection.request("GET", "/")
        reply = connection.getresponse()
        assert [len(reply.read(100_000)) for _ in range(5)] == [100_000] * 5


def test_large_answers_differ_in_a_header() -> None:
    with planted("large", size=300_000) as url, connected(url) as connection:
        numbers = set()
        for _ in range(2):
            connection.request("GET", "/")
            reply = connection.getresponse()
            assert reply.read() == b"x" * 300_000
            numbers.add(reply.headers["X-Id"])
    assert len(numbers) == 2


def test_a_forking_server_counts_what_its_children_used() -> None:
    address = ("127.0.0.1", HERE.free_port())
    child = process.spawn(
        [sys.executable, "-m", "proof.planted.forking"],
        environment={**os.environ, "BIND": f"{address[0]}:{address[1]}"},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )

    def ask(path: str) -> bytes:
        with urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=10) as reply:
            body: bytes = reply.read()
            return body

    try:
        wait_until_open(address, child)
        before = json.loads(ask("/truth"))
        assert [ask("/") for _ in range(5)] == [b"Hello, World!"] * 5
        after = json.loads(ask("/truth"))
        # A child is collected with a later connection than its own.
        while after["used_s"] - before["used_s"] < 5 * forking.BURN_S:
            after = json.loads(ask("/truth"))
    finally:
        process.stop(child, signal.SIGKILL, 0.0)
    assert after["children"] - before["children"] >= 6


def wait_until_open(address: tuple[str, int], child: subprocess.Popen[bytes]) -> None:
    while child.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(address) == 0:
                return


def test_constant_delays_against_a_real_server(tmp_path: Path) -> None:
    found = constant.prove(Archive(tmp_path), turns=1, delays_s=(0.03,))
    assert found.raw["0.03"]["waited_s"] >= 0.029
    assert found.raw["0.03"]["off"].keys() == {"short", "long"}
