"""Open trials against servers whose behaviour is planted."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from statistics import mean, stdev

import pytest

from bench.model.loads.arrivals import poisson
from proof.planted.start import planted, truth
from tests.load.trials import SECOND, Ran, decode, link_to, run_open

RATE = 1000.0
LENGTH_S = 0.4
# None is given up within the window.
TIMEOUT_S = 0.6
SEED = 7


def arrivals(length_s: float = LENGTH_S, rate: float = RATE) -> list[int]:
    return poisson(rate, round(length_s * SECOND), SEED)


def offsets(ran: Ran, settle_s: float = 0.0) -> list[int]:
    """When each recorded request was due, nanoseconds from the trial's start, in order."""
    start = ran.window.opened - round(settle_s * SECOND)
    return sorted(row.due - start for row in ran.rows)


def test_arrivals_are_a_poisson_process() -> None:
    due = poisson(5000.0, 20 * SECOND, seed=1)
    gaps = [after - before for before, after in pairwise(due)]
    # Five standard errors of 100,000 draws.
    assert len(due) == pytest.approx(100_000, abs=5 * 100_000**0.5)
    assert mean(gaps) == pytest.approx(SECOND / 5000, rel=0.016)
    assert stdev(gaps) == pytest.approx(mean(gaps), rel=0.025)
    assert due == sorted(due)
    assert due[0] >= 0
    assert due[-1] <= 20 * SECOND


@pytest.mark.parametrize("rate", [0.5, 3.0, 1000.0, 20_000.0])
def test_arrivals_fill_the_whole_length(rate: float) -> None:
    length_ns = 5 * SECOND
    lasts = [(poisson(rate, length_ns, seed) or [0])[-1] for seed in range(10)]
    # That 10 trials all end three mean gaps early has a chance of e**-30.
    assert max(lasts) > length_ns - 3 * SECOND / rate


def test_arrivals_come_from_the_seed_alone() -> None:
    assert poisson(RATE, SECOND, 3) == poisson(RATE, SECOND, 3)
    assert poisson(RATE, SECOND, 3) != poisson(RATE, SECOND, 4)


@pytest.mark.parametrize("close", [False, True])
def test_every_server_gets_the_same_arrivals_and_answers_all(close: bool) -> None:
    due = arrivals()
    for kind in ("length", "http10", "silent-close"):
        with planted(kind) as url, link_to(url) as link:
            ran = run_open(link, due=due, length_s=LENGTH_S, close=close)
            assert offsets(ran) == due
            assert ran.kinds() == {"ok": len(due)}
            assert len(truth(url).answered) == len(due)
            assert not link.active


def test_only_what_was_due_after_settling_counts() -> None:
    due = arrivals(0.2 + LENGTH_S)
    with planted("length") as url, link_to(url) as link:
        ran = run_open(link, due=due, settle_s=0.2, length_s=LENGTH_S)
    assert offsets(ran, settle_s=0.2) == due
    assert ran.counted.offered == len(due) - bisect_right(due, 0.2 * SECOND)
    assert ran.window.closed - ran.window.opened == LENGTH_S * SECOND
    assert all(ran.window.opened < at <= ran.window.closed for at in ran.counted.due.tolist())


@pytest.mark.parametrize("fault", ["status", "body", "truncated", "malformed", "excess", "reset"])
def test_the_planted_faults_are_counted_exactly(fault: str) -> None:
    due = arrivals()
    with planted("wrong", fault=fault, every=20) as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S)
    wrong = len(due) // 20
    assert ran.kinds() == {"ok": len(due) - wrong, fault: wrong}
    assert ran.counted.errors() == {fault: wrong}


def test_nothing_is_sent_before_it_is_due_or_recorded_before_it_is_sent() -> None:
    with planted("delayed", median_s=0.002) as url, link_to(url) as link:
        ran = run_open(link, due=arrivals(), length_s=LENGTH_S)
    assert all(row.due <= row.sent <= row.done for row in ran.rows)


def test_what_exceeds_the_cap_is_dropped_and_what_waits_is_unfinished() -> None:
    due, cap = arrivals(), 8
    with planted("never") as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S, cap=cap, timeout_s=TIMEOUT_S)
        assert link.opened == cap
        assert not link.active
    assert ran.kinds() == {"dropped": len(due) - cap, "unfinished": cap}
    assert offsets(ran) == due
    waiting = [row for row in ran.rows if row.kind == "unfinished"]
    assert sorted(row.due for row in waiting) == [ran.window.opened + at for at in due[:cap]]
    assert all(row.done - row.sent >= TIMEOUT_S * SECOND for row in waiting)


def test_the_unfinished_are_in_the_histogram_at_no_less_than_they_waited() -> None:
    due, cap = arrivals(), 8
    with planted("never") as url, link_to(url) as link:
        counted = run_open(link, due=due, length_s=LENGTH_S, cap=cap, timeout_s=TIMEOUT_S).counted
    found = {name: decode(text) for name, text in counted.histograms(("hello",), open_load=True).items()}
    assert {name: h.get_total_count() for name, h in found.items()} == {
        "latency/hello": cap,
        "service/hello": cap,
        "lateness/all": counted.offered,
    }
    assert found["latency/hello"].get_min_value() >= TIMEOUT_S * 1e6 * 0.999


def test_a_full_accept_queue_leaves_requests_unfinished_and_ends() -> None:
    due, cap = arrivals(), 16
    with planted("deaf") as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S, cap=cap, timeout_s=TIMEOUT_S)
        assert not link.active
    assert ran.kinds() == {"dropped": len(due) - cap, "unfinished": cap}


def test_nobody_listening_is_an_error_of_connecting_for_each_arrival() -> None:
    due = arrivals()
    with planted("refusing") as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S)
    assert ran.kinds() == {"connect": len(due)}
    assert ran.counted.histograms(("hello",), open_load=True).keys() == {"lateness/all"}


def test_a_standstill_delays_arrivals_but_none_is_skipped() -> None:
    due = arrivals(1.0, rate=300.0)
    with planted("frozen", freeze_s=0.3, period_s=0.5) as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=1.0)
        frozen = truth(url).frozen
    assert ran.kinds() == {"ok": len(due)}
    assert offsets(ran) == due
    caught = [(row, end) for row in ran.rows for start, end in frozen if start < row.due < end]
    assert caught
    assert all(row.done >= end for row, end in caught)


def test_times_are_told_from_when_a_request_was_due() -> None:
    with planted("delayed", median_s=0.002) as url, link_to(url) as link:
        counted = run_open(link, due=arrivals(), length_s=LENGTH_S).counted
    found = {name: decode(text) for name, text in counted.histograms(("hello",), open_load=True).items()}
    corrected, service, lateness = (
        (later - earlier).mean() / 1000
        for later, earlier in (
            (counted.done, counted.due),
            (counted.done, counted.sent),
            (counted.sent, counted.due),
        )
    )
    assert corrected == pytest.approx(service + lateness)
    # 3 digits, and a microsecond at the low end.
    assert found["latency/hello"].get_mean_value() == pytest.approx(corrected, rel=0.002, abs=1)
    assert found["service/hello"].get_mean_value() == pytest.approx(service, rel=0.002, abs=1)
    assert found["lateness/all"].get_mean_value() == pytest.approx(lateness, rel=0.01, abs=1)
    assert {h.get_total_count() for h in found.values()} == {counted.offered}


def test_a_server_that_closes_idle_connections_keeps_its_keep_alive() -> None:
    # Twice twenty quick ones, with a pause in which the server closes what it kept.
    due = [round((pause_s + 0.01 * number) * SECOND) for pause_s in (0.01, 1.2) for number in range(20)]
    with planted("idle-close", idle_s=0.3) as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=1.5)
        assert ran.kinds() == {"ok": len(due)}
        assert link.reuse
        assert 1 < link.opened < len(due), "some connections were closed, and some carried on"


def test_a_trial_without_arrivals_ends() -> None:
    with planted("length") as url, link_to(url) as link:
        ran = run_open(link, due=[], length_s=0.1)
    assert ran.counted.offered == 0
    assert ran.kinds() == {}
    assert ran.counted.mean_s() is None
