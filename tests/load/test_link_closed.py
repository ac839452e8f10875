"""Closed trials and the connections beneath them, against servers whose behaviour is planted."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.exchange import Exchange
from bench.load.records import Records, Window
from bench.load.wire import Reply
from proof.planted.start import planted, truth
from tests.load.trials import PAGE, SECOND, decode, link_to, run_closed

USERS = 8
LENGTH_S = 0.15


def page(method: str = "GET", status: int = 200, body: bytes = b"") -> Request:
    return Request("hello", method, "/", Expect(status, body=body))


@pytest.mark.parametrize(
    ("kind", "request_", "kept"),
    [
        ("length", PAGE, True),
        ("chunked", PAGE, True),
        ("byte-by-byte", PAGE, True),
        ("interim", PAGE, True),
        ("head-only", page("HEAD"), True),
        ("no-content", page(status=204), True),
        ("not-modified", page(status=304), True),
        ("http10", PAGE, False),
        ("announced-close", PAGE, False),
    ],
)
def test_every_framing_is_right_and_connections_are_kept_where_they_can_be(
    kind: str, request_: Request, kept: bool
) -> None:
    with planted(kind) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S, request=request_)
        assert ran.kinds() == {"ok": ran.counted.offered}
        assert link.lost == 0
        assert link.reuse
        assert {row.kind for row in ran.rows} == {"ok"}
        answered = len(ran.rows)
        assert answered >= 2 * USERS, "each user was answered before the window and after it"
        assert len(truth(url).answered) == answered
        assert link.opened == (USERS if kept else answered)
        assert len(link.idle) == (USERS if kept else 0)
        assert not link.active


@pytest.mark.parametrize("kind", ["length", "chunked", "byte-by-byte"])
def test_an_answer_like_the_last_is_not_parsed_however_it_is_cut(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []

    class Counting(Reply):
        def __init__(self, exchange: Exchange) -> None:
            parsed.append(exchange)
            super().__init__(exchange)

    monkeypatch.setattr("bench.load.link.Reply", Counting)
    with planted(kind) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
    assert ran.kinds() == {"ok": ran.counted.offered}
    assert len(parsed) <= USERS < len(ran.rows)


def test_asked_to_close_each_connection_carries_one_request() -> None:
    with planted("announced-close") as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S, close=True)
        assert ran.kinds() == {"ok": ran.counted.offered}
        (opened_before, _), (opened_after, _) = ran.marks
        assert abs(opened_after - opened_before - ran.counted.offered) <= USERS


def test_connections_live_on_from_trial_to_trial() -> None:
    with planted("length") as url, link_to(url) as link:
        for _ in range(3):
            ran = run_closed(link, users=USERS, length_s=0.05)
            assert ran.kinds() == {"ok": ran.counted.offered}
        assert link.opened == USERS


@pytest.mark.parametrize("fault", ["status", "body", "truncated", "malformed", "excess", "reset"])
def test_one_user_finds_exactly_the_planted_faults(fault: str) -> None:
    every = 3
    with planted("wrong", fault=fault, every=every) as url, link_to(url) as link:
        ran = run_closed(link, users=1, length_s=LENGTH_S)
    # The server counts from 1; the first answer settles.
    expected = [fault if number % every == 0 else "ok" for number in range(1, len(ran.rows) + 1)]
    assert [row.kind for row in ran.rows] == expected
    counted = expected[1 : 1 + len(ran.inside())]
    assert ran.kinds() == {kind: counted.count(kind) for kind in set(counted)}
    assert ran.counted.errors() == {kind: counted.count(kind) for kind in set(counted) - {"ok"}}


@pytest.mark.parametrize("fault", ["status", "body", "truncated", "malformed", "excess", "reset"])
def test_many_users_find_the_planted_faults(fault: str) -> None:
    every = 5
    with planted("wrong", fault=fault, every=every) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
        answered = len(truth(url).answered)
    wrong = sum(row.kind == fault for row in ran.rows)
    assert {row.kind for row in ran.rows} == {"ok", fault}
    assert len(ran.rows) == answered
    assert wrong == answered // every


def test_a_new_connection_that_ends_without_a_byte_is_an_error() -> None:
    with planted("wrong", fault="closed", every=1) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
    assert ran.kinds() == {"closed": ran.counted.offered}
    assert len(ran.rows) >= 2 * USERS
    assert link.lost == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_kept_connection_that_ends_without_a_byte_after_the_request_was_read_is_an_error(
    method: str,
) -> None:
    """As those of a worker that dies amid its work; what it has carried out isn't asked for twice."""
    with planted("wrong", fault="closed", every=20) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S, request=replace(PAGE, method=method))
        answered = len(truth(url).answered)
    kinds = [row.kind for row in ran.rows]
    assert set(kinds) == {"ok", "closed"}
    assert kinds.count("closed") == answered // 20
    assert len(kinds) == answered
    assert link.lost == 0
    assert link.reuse


def test_a_body_after_head_is_excess() -> None:
    with planted("length") as url, link_to(url) as link:
        ran = run_closed(link, users=2, length_s=0.05, request=page("HEAD"))
    assert ran.kinds() == {"excess": ran.counted.offered}
    assert ran.counted.offered > 0


def test_a_request_on_a_connection_that_had_ended_is_lost_and_answered_on_a_new_one() -> None:
    with planted("silent-close", answers=10) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
        did = truth(url)
    assert ran.kinds() == {"ok": ran.counted.offered}
    assert link.lost > 4
    assert link.reuse, "most kept connections carried another request"
    assert len(ran.rows) == len(did.answered)
    assert link.opened == USERS + link.lost
    (_, lost_before), (_, lost_after) = ran.marks
    assert lost_before <= lost_after <= link.lost


def test_reuse_ends_for_a_server_that_always_closes_unannounced() -> None:
    with planted("silent-close", answers=1) as url, link_to(url) as link:
        first = run_closed(link, users=USERS, length_s=LENGTH_S)
        assert first.kinds() == {"ok": first.counted.offered}
        assert not link.reuse
        lost = link.lost
        assert 4 <= lost <= USERS + 4
        second = run_closed(link, users=USERS, length_s=LENGTH_S)
        assert second.kinds() == {"ok": second.counted.offered}
        assert link.lost == lost
        assert len(first.rows) + len(second.rows) == len(truth(url).answered)


def test_connections_that_the_server_closed_while_they_were_idle_are_not_lost() -> None:
    with planted("idle-close", idle_s=0.5) as url, link_to(url) as link:
        for number in range(1, 4):
            ran = run_closed(link, users=USERS, length_s=0.03)
            assert ran.kinds() == {"ok": ran.counted.offered}
            while (did := truth(url)).closed < did.opened - 1:
                time.sleep(0.005)
            assert link.opened == number * USERS
    assert link.lost == 0
    assert link.reuse


def test_little_s_law_holds_on_the_very_records() -> None:
    with planted("delayed", median_s=0.002) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=1.0)
    mean_s = ran.counted.mean_s()
    assert mean_s is not None
    rate = ran.counted.offered / ((ran.window.closed - ran.window.opened) / SECOND)
    # What straddles an edge of the window is counted by neither or by both: a share of one answer a user.
    assert mean_s * rate == pytest.approx(USERS, rel=0.1)


def test_nothing_of_settling_or_draining_is_counted() -> None:
    with planted("delayed", median_s=0.004) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
        answered = len(truth(url).answered)
    before = [row for row in ran.rows if row.done <= ran.window.opened]
    assert {row.due for row in before} == set(range(USERS)), "each user was answered before the window"
    assert max(row.done for row in before) == ran.window.opened
    after = [row for row in ran.rows if row.done > ran.window.closed]
    assert {row.due for row in after} == set(range(USERS)), "each user was answered once more"
    inside = ran.inside()
    assert sorted(row.done for row in inside) == sorted(ran.counted.done.tolist())
    assert max(row.done for row in inside) == ran.window.closed
    end = ran.window.opened + LENGTH_S * SECOND
    assert [row.done for row in inside if row.done >= end] == [ran.window.closed], "the first after it"
    assert answered == len(ran.rows)
    assert ran.counted.lost == 0


def test_a_user_sends_the_next_request_the_moment_the_last_was_answered() -> None:
    with planted("delayed", median_s=0.002) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=LENGTH_S)
    for user in range(USERS):
        rows = [row for row in ran.rows if row.due == user]
        assert len(rows) > 1
        assert all(after.sent == row.done for row, after in pairwise(rows))


def test_histograms_hold_every_right_answer_and_no_other() -> None:
    with planted("wrong", every=10) as url, link_to(url) as link:
        counted = run_closed(link, users=USERS, length_s=LENGTH_S).counted
    found = counted.histograms(("hello",), open_load=False)
    assert set(found) == {"latency/hello"}
    histogram = decode(found["latency/hello"])
    begun = counted.begun
    assert histogram.get_total_count() == int((begun.outcome == 0).sum())
    assert abs(len(begun.sent) - counted.offered) <= USERS
    right = sorted((begun.done - begun.sent)[begun.outcome == 0].tolist())
    for percentile in (1, 50, 90, 99):
        rank = int(percentile / 100 * len(right) + 0.5) - 1
        # By one rank definitions may differ, and few answers lie far apart.
        least, most = (right[min(max(at, 0), len(right) - 1)] / 1000 for at in (rank - 1, rank + 1))
        assert 0.998 * least - 1 <= histogram.get_value_at_percentile(percentile) <= 1.002 * most + 1


def test_a_server_that_never_answers_leaves_every_user_unfinished() -> None:
    with planted("never") as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=0.1, timeout_s=0.2)
        assert ran.kinds().keys() == {"unfinished"}
        assert {row.due for row in ran.rows} == set(range(USERS))
        assert all(row.done - row.sent >= 0.2 * SECOND for row in ran.rows)
        assert ran.counted.histograms(("hello",), open_load=False) == {}
        assert not link.active
        assert not link.idle


def test_a_server_that_never_accepts_leaves_every_user_unfinished() -> None:
    with planted("deaf") as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=0.1, timeout_s=0.2)
        assert ran.kinds().keys() == {"unfinished"}
        assert not link.active


def test_nobody_listening_is_an_error_of_connecting() -> None:
    with planted("refusing") as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=0.1)
    assert ran.counted.errors() == {"connect": ran.counted.offered}
    assert ran.counted.offered >= USERS


def test_a_server_that_stands_still_at_the_end_of_a_trial_is_waited_for() -> None:
    with planted("frozen", freeze_s=0.3, period_s=0.6) as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=1.0)
        did = truth(url)
    assert ran.kinds() == {"ok": ran.counted.offered}
    assert did.frozen
    assert len(did.answered) == len(ran.rows)


@pytest.mark.parametrize(("users", "wait_s"), [(1, 0.03), (16, 0.03), (16, 0.012), (16, 0.004)])
def test_answers_that_come_in_waves_are_counted_by_share(users: int, wait_s: float) -> None:
    """Every user waits the same time, so all answer together: whole answers are off by up to a wave."""
    records, wait = Records(), round(wait_s * SECOND)
    for wave in range(round(0.3 * SECOND) // wait):
        for user in range(users):
            records.add((user, wave * wait, (wave + 1) * wait, 0))
    for opened in (0.05, 0.06, 0.071):
        window = Window(round(opened * SECOND), round((opened + 0.1) * SECOND))
        counted = records.counted("done", window)
        assert counted.answers * wait_s / 0.1 == pytest.approx(users)


def test_the_shares_of_neighbouring_windows_add_up() -> None:
    rows = [(0, sent, sent + 7, 0) for sent in range(0, 700, 7)]
    records = Records()
    for row in rows:
        records.add(row)
    records.begun = len(rows)
    edges = [3, 100, 101, 333, 695]
    parts = [records.counted("done", Window(a, b)).answers for a, b in pairwise(edges)]
    assert sum(parts) == pytest.approx((695 - 3) / 7)
    assert records.counted("done", Window(0, 700)).answers == pytest.approx(100)


def test_a_request_that_left_no_trace_breaks_the_balance() -> None:
    records = Records()
    records.add((0, 1, 2, 0))
    records.begun = 2
    counted = records.counted("done", Window(0, 10))
    assert counted.offered == counted.number(0) + 1
