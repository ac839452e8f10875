"""A master and its generators, each on a host of its own: whole trials, and how they end."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack

import pytest

from bench.load.elsewhere.said import GONE
from bench.model import Closed, Open
from proof.fleet import generator, introduce, master, served, trial
from proof.hosts import Host, Wanted
from tests.load.elsewhere.fleets import APART_S, CLOSED, NAMES, fleet_of, several
from tests.load.trials import decode

OPEN = Open(64, rate=300.0)
LONGER_S = 10.1
"""After that a master compares clocks anew."""


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3])
def test_trials_are_whole_whatever_each_hosts_clock_shows(made: list[Host], number: int) -> None:
    with fleet_of(made, number) as fleet:
        began = time.monotonic()
        orders = [trial(load, 0.2) for load in (CLOSED, OPEN) for _ in range(2)]
        trials = list(fleet.master.trials(orders))
        took_s = time.monotonic() - began
        assert sorted(fleet.joined()) == sorted(NAMES[:number])
        assert {event["state"] for event in fleet.master.said} <= {"waiting", "joined", "reaches", "late"}
    assert len(trials) == len(orders)
    for done, order in zip(trials, orders, strict=True):
        assert set(done.generators) == set(NAMES[:number])
        assert sum(share["offered"] for share in done.generators.values()) == done.offered
        assert done.offered == done.ok + done.failed + done.dropped + done.unfinished
        assert done.ok > 0
        assert done.failed == 0
        assert done.cpu_s is not None
        assert 0 < done.at_s < took_s + APART_S / 2
        assert done.duration_s >= order.length_s
        assert all(share["cpu"] > 0 for share in done.generators.values())
        assert all(
            ("lateness_p99_s" in share) == (not order.load.waits) for share in done.generators.values()
        )
        number_timed = decode(done.histograms["latency/hello"]).get_total_count()
        assert abs(number_timed - done.ok) <= (CLOSED.at_once if order.load.waits else 0)


@pytest.mark.slow
def test_one_that_is_killed_is_named_and_another_takes_its_place(made: list[Host]) -> None:
    with fleet_of(made, 2) as fleet:
        trials = fleet.master.trials([trial(CLOSED, 0.1), trial(CLOSED, 1.0, "spoilt")])
        next(trials)
        fleet.generators["two"].kill()
        [again] = trials
        [lost] = [event for event in fleet.master.said if event["state"] == "lost"]
        with generator(fleet.others[1], fleet.server):
            while len(fleet.joined()) < 3:
                replaced = fleet.trial()
    assert (lost["name"], lost["case"]) == ("two", "spoilt")
    assert set(again.generators) == {"one"}
    assert set(replaced.generators) == {"one", "two"}


@pytest.mark.slow
def test_one_that_comes_back_beside_another_of_its_host_has_a_name_of_its_own(made: list[Host]) -> None:
    with fleet_of(made, 2) as fleet:
        fleet.generators["two"].send_signal(signal.SIGSTOP)
        while "two" in fleet.trial().generators:
            pass
        with generator(fleet.others[1], fleet.server):
            while "two" not in fleet.trial().generators:
                pass
            fleet.generators["two"].send_signal(signal.SIGCONT)
            while len((done := fleet.trial()).generators) < 3:
                pass
    assert set(done.generators) == {"one", "two", "two 2"}
    assert sum(share["offered"] for share in done.generators.values()) == done.offered


@pytest.mark.slow
def test_a_master_that_is_told_to_waits_for_one_that_is_lost(made: list[Host]) -> None:
    server, host, *_ = made
    with served(server) as target, master(server, 1, waits=True) as running:
        with generator(host, server):
            running.event()
            introduce(running, target)
            trials = running.trials([trial(CLOSED, 0.1), trial(CLOSED, 1.0)])
            next(trials)
        running.until("lost", "one")
        with generator(host, server):
            [again] = trials
    assert set(again.generators) == {"one"}
    assert again.ok > 0


@pytest.mark.slow
def test_one_that_is_lost_as_clocks_are_compared_is_waited_for_too(made: list[Host]) -> None:
    server, *others = made
    with ExitStack() as stack:
        target = stack.enter_context(served(server))
        running = stack.enter_context(master(server, 2, waits=True))
        for host in others[:2]:
            stack.enter_context(generator(host, server))
        running.event()
        introduce(running, target)
        [long] = running.trials([trial(CLOSED, LONGER_S)])
        others[1].cut()
        stack.callback(others[1].join)
        trials = running.trials([trial(CLOSED, 0.1, "short")])
        assert running.until("lost", "two")["case"] == "short"
        others[1].join()
        [again] = trials
    assert set(long.generators) == set(again.generators) == {"one", "two"}


@pytest.mark.slow
def test_generators_of_a_master_that_is_killed_end(made: list[Host]) -> None:
    with fleet_of(made, 2) as fleet:
        trials = fleet.master.trials([trial(CLOSED, 0.1), trial(CLOSED, 1.0)])
        next(trials)
        fleet.master.child.kill()
        assert {child.wait() for child in fleet.generators.values()} == {GONE}


@pytest.mark.slow
def test_generators_of_a_master_that_another_one_has_replaced_end(made: list[Host]) -> None:
    """They would wait for it, and it for them: to each the other is there."""
    server, *others = made
    with ExitStack() as stack:
        with master(server, 2) as first:
            children = [stack.enter_context(generator(host, server)) for host in others[:2]]
            assert first.event()["event"] == "ready"
            first.child.kill()
        with master(server, 1) as second:
            assert {child.wait() for child in children} == {GONE}
            stack.enter_context(generator(others[0], server))
            assert second.event()["event"] == "ready"
            assert [event["name"] for event in second.said if event["state"] == "joined"] == ["one"]


def test_generators_end_with_their_run(made: list[Host]) -> None:
    with fleet_of(made, 2) as fleet:
        assert fleet.master.child.stdin is not None
        fleet.master.child.stdin.close()
        assert {child.wait() for child in fleet.generators.values()} == {0}
        assert fleet.master.child.wait() == 0


def test_a_planted_delay_is_what_a_question_and_its_answer_take_longer() -> None:
    """Half of it is planted each way. The shortest times count: a busy machine doesn't make these longer."""
    delay_s = 0.005
    with several(Wanted("server"), Wanted("far", round_trip_s=delay_s)) as (server, far):  # noqa: SIM117
        with served(server) as target, master(server, 1) as running, generator(far, server):
            running.event()
            introduce(running, target)
            done = list(running.trials([trial(Closed(1), 0.3)] * 3))
    [reached] = [event for event in running.said if event["state"] == "reaches"]
    assert delay_s <= reached["network_s"] < 2 * delay_s
    shortest_us = min(decode(each.histograms["latency/hello"]).get_min_value() for each in done)
    # A histogram keeps three digits.
    assert 0.99 * delay_s <= shortest_us / 1e6 < 2 * delay_s
    assert all((each.mean_s or 0.0) > delay_s for each in done)
