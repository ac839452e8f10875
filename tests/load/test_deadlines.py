"""Every request has a deadline from its start, whatever arrives, and a trial ends in time."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.load.client import LoadDriver
from bench.load.clock import now_ns
from bench.load.exchange import Exchange
from bench.load.outcomes import INCOMPLETE
from bench.model import Closed, Load, Open, Target, TrialOrder, UsageSource
from tests.load import peers
from tests.load.trials import PAGE, SECOND, decode, link_to, run_closed, run_open
from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 0.3
HOSTILE = {
    "silent": peers.silent,
    "dribbling": peers.dribbling,
    "telling": peers.telling,
    "streaming": peers.streaming,
}
USERS = 3


@pytest.fixture(scope="module", params=[1, 2])
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    command = (sys.executable, "-m", "bench.load.driver", "--processes", str(request.param))
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver(command, os.environ, ROOT, (), log) as running:
        yield running


def order(target: str, load: Load) -> TrialOrder:
    return TrialOrder(
        case=target,
        target=target,
        scenario="hello",
        load=load,
        length_s=0.1,
        settle_s=0.1 if load.model == "open" else 0.0,
        round=1,
        block=0,
        order=0,
        seed="s",
        database=None,
        epoch_ns=0,
        timeout_s=TIMEOUT_S,
    )


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("kind", HOSTILE)
def test_in_closed_load_what_takes_too_long_is_unfinished_and_its_user_goes_on(
    kind: str, close: bool
) -> None:
    with peers.peer(HOSTILE[kind]) as found, link_to(found.url) as link:
        ran = run_closed(link, users=USERS, length_s=0.5, timeout_s=TIMEOUT_S, close=close)
        assert not link.active
    waited: dict[str, list[int]] = {row.kind: [] for row in ran.rows}
    for row in ran.rows:
        waited[row.kind].append(row.done - row.sent)
    assert waited.keys() <= {"unfinished", "oversized"}
    assert all(time >= TIMEOUT_S * SECOND for time in waited.get("unfinished", []))
    assert len(ran.rows) > USERS, "each user has asked again"
    assert {row.due for row in ran.rows} == set(range(USERS))
    assert ran.counted.lost == 0
    assert ran.counted.answers == 0
    assert all(ran.counted.done > ran.window.opened)


@pytest.mark.parametrize("kind", HOSTILE)
def test_in_open_load_it_counts_at_the_time_it_has_waited(kind: str) -> None:
    due = [SECOND // 100, SECOND // 50]
    with peers.peer(HOSTILE[kind]) as found, link_to(found.url) as link:
        ran = run_open(link, due=due, length_s=0.5, timeout_s=TIMEOUT_S)
        assert not link.active
    kinds = ran.kinds()
    assert sum(kinds.values()) == ran.counted.offered == len(due)
    assert kinds.keys() <= {"unfinished", "oversized"}
    if "unfinished" in kinds:
        latency = decode(ran.counted.histograms(("hello",), open_load=True)["latency/hello"])
        assert latency.get_total_count() == kinds["unfinished"]
        assert latency.get_min_value() >= TIMEOUT_S * 1e6 * 0.99


def test_a_deadline_does_not_end_what_is_answered_in_time() -> None:
    with peers.peer(peers.right) as found, link_to(found.url) as link:
        ran = run_closed(link, users=USERS, length_s=3 * TIMEOUT_S, timeout_s=TIMEOUT_S)
        assert ran.kinds() == {"ok": ran.counted.offered}
        assert link.opened == USERS


@pytest.mark.parametrize("model", ["closed", "open"])
def test_a_target_that_turns_hostile_costs_its_own_trial_only(driver: LoadDriver, model: str) -> None:
    load = Closed(USERS) if model == "closed" else Open(50, 100.0)
    with peers.peer(peers.right) as good, peers.peer(peers.turning(peers.streaming, 5)) as hostile:
        targets = {"good": good.url, "hostile": hostile.url}
        driver.set_targets([Target(n, url, UsageSource("none")) for n, url in targets.items()], None)
        right = replace(order("good", load), timeout_s=HANGS_S)
        before, between, after = driver.block([right, order("hostile", load), replace(right, block=1)])
        driver.set_targets([], None)
    assert between.unfinished + between.failed > 0
    for trial in (before, after):
        assert trial.ok == trial.offered > 0, trial


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "silent",
            "GET /: it accepted the connection and sent not a byte within 0.3 s, which --timeout sets",
        ),
        ("dribbling", " bytes of the head came within 0.3 s, which --timeout sets"),
        ("telling", " bytes of a body without a length came within 0.3 s, which --timeout sets"),
    ],
)
def test_a_probe_ends_in_time_and_says_how_far_the_answer_came(
    driver: LoadDriver, kind: str, words: str
) -> None:
    with peers.peer(HOSTILE[kind]) as found:
        driver.set_targets([Target("t", found.url, UsageSource("none"))], None)
        probed = driver.probe("t", "hello", None, TIMEOUT_S)
    assert (probed.right, probed.fault, probed.received > 0) == (False, "unfinished", kind != "silent")
    assert words in probed.detail


def test_a_probe_of_an_endless_answer_ends(driver: LoadDriver) -> None:
    with peers.peer(peers.streaming) as found:
        driver.set_targets([Target("t", found.url, UsageSource("none"))], None)
        probed = driver.probe("t", "hello", None, TIMEOUT_S)
    assert probed.fault in ("unfinished", "oversized")


def test_no_trial_takes_longer_than_is_waited_for_it() -> None:
    for load in (Closed(1), Open(1, 1.0)):
        long = replace(order("a", load), timeout_s=60.0)
        # Until the window's first answer after its end, and then until the last request is given up.
        assert long.most_s() > long.settle_s + long.length_s + 2 * 60.0


def test_what_was_here_in_time_counts_however_late_it_is_read() -> None:
    """The driver may be stopped for longer than a request may take; the server isn't to blame."""
    with peers.peer(peers.right) as found, link_to(found.url) as link:
        exchange = Exchange(PAGE, 0, "here", close=False)
        assert link.begin(exchange, 0, now_ns() - 60 * SECOND) == INCOMPLETE
        # The answer is here, and the request's time has long passed.
        assert select.select([*link.active], [], [], 60)[0]
        ran = run_closed(link, users=1, length_s=0.1, timeout_s=TIMEOUT_S)
        assert not link.active
    assert {row.kind for row in ran.rows} == {"ok"}
