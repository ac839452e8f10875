"""What is learned from a page's first answers, and which later ones it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.learned import Answered, held, in_words, learn, place
from bench.load.wrong import WrongAnswers
from bench.model import Learned
from bench.model.pages import accepted

HOST = "127.0.0.1:8001"
HTML = b"text/html; charset=utf-8"


def page(
    body: bytes, *, status: int = 200, location: bytes | None = None, type_: bytes | None = HTML
) -> Answered:
    return Answered(status, location, type_, len(body))


def learned(*answers: Answered) -> Learned:
    return learn(answers, HOST, scenario="get", endpoint="get", request="GET /")


def verdict(known: Learned, answer: Answered) -> str | None:
    return held(known, HOST).fault(answer.status, answer.location, b"x" * answer.size, answer.content_type)


SAME = learned(*[page(b"x" * 1000)] * 5)
TINY = learned(*[page(b"Hello, World!")] * 5)
VARIED = learned(*[page(b"x" * n) for n in (1000, 1040, 1020)])
EMPTY = learned(*[page(b"", status=204, type_=None)] * 5)
MOVED = learned(*[page(b"", status=302, location=b"/login?token=%d" % n, type_=None) for n in range(5)])


@pytest.mark.parametrize(
    ("known", "answer", "fault"),
    [
        (SAME, page(b"x" * 1000), None),
        (SAME, page(b"y" * 1000), None),
        (SAME, page(b"x" * 1001), None),
        (SAME, page(b"x" * 1100), "length"),
        (SAME, page(b"x" * 900), "length"),
        (SAME, page(b"x"), "length"),
        (SAME, page(b""), "length"),
        (TINY, page(b"Hello, World! 123456"), None),
        (TINY, page(b"Service overloaded, please wait"), "length"),
        (TINY, page(b"slow down"), "length"),
        (TINY, page(b"busy"), "length"),
        (VARIED, page(b"x" * 1120), None),
        (VARIED, page(b"x" * 950), None),
        (VARIED, page(b"x" * 2000), "length"),
        (VARIED, page(b"x" * 145), "length"),
        (VARIED, page(b""), "length"),
        (EMPTY, page(b"", status=204, type_=None), None),
        (EMPTY, page(b"", status=200, type_=None), "status"),
        (EMPTY, page(b"null", status=204, type_=None), "length"),
        (SAME, page(b"x" * 1000, status=302, location=b"/slow-down"), "status"),
        (SAME, page(b"x" * 1000, status=500), "status"),
        (SAME, page(b"x" * 1000, type_=b"text/HTML"), None),
        (SAME, page(b"x" * 1000, type_=b"text/html;charset=latin-1"), None),
        (SAME, page(b"x" * 1000, type_=b"application/json"), "type"),
        (SAME, page(b"x" * 1000, type_=None), "type"),
        (SAME, page(b"x" * 1000, location=b"/"), "location"),
        (MOVED, page(b"", status=302, location=b"/login?token=77&next=/", type_=None), None),
        (MOVED, page(b"", status=302, location=b"http://127.0.0.1:8001/login#top", type_=None), None),
        (MOVED, page(b"", status=302, location=b"https://127.0.0.1:8001/login", type_=None), "location"),
        (MOVED, page(b"", status=302, location=b"http://elsewhere/login", type_=None), "location"),
        (MOVED, page(b"", status=302, location=b"/error", type_=None), "location"),
        (MOVED, page(b"", status=302, type_=None), "location"),
        (MOVED, page(b"", status=303, location=b"/login", type_=None), "status"),
    ],
)
def test_a_later_answer_is_held_to_the_first(known: Learned, answer: Answered, fault: str | None) -> None:
    assert verdict(known, answer) == fault


def test_the_same_answers_are_judged_the_same_again() -> None:
    expect = held(MOVED, HOST)
    for _ in range(2):
        assert expect.fault(302, b"/login?a", b"", b"") is None
        assert expect.fault(302, b"/error", b"", b"") == "location"
        assert expect.fault(302, None, b"", b"") == "location"
        assert expect.fault(302, b"/login?a", b"", b"text/plain") == "type"


def test_a_counter_may_grow_by_all_its_digits() -> None:
    known = learned(*[page(b"You are visitor %d" % n) for n in range(1, 21)])
    assert verdict(known, page(b"You are visitor 123456789")) is None


@pytest.mark.parametrize("first", [b"", b"page of 13 by"])
def test_a_page_without_a_body_is_wrong_once_one_was_seen(first: bytes) -> None:
    known = learned(page(first), page(b"page of 13 by"), page(b""), page(b"page of 13 by"))
    assert (known.shortest, known.longest, known.probes) == (13, 13, 2 + bool(first))
    assert verdict(known, page(b"")) == "length"


def test_an_answer_of_another_kind_among_the_first_is_not_learned_from() -> None:
    known = learned(page(b"x" * 1000), page(b"", status=204), page(b"{}", type_=b"application/json"))
    assert known == replace(SAME, probes=1)


@pytest.mark.parametrize(
    ("locations", "common", "right", "wrong"),
    [
        ((b"/s/a1", b"/s/b2"), "/s/*", b"/s/c3", b"/t/c3"),
        ((b"/s/a1/start", b"/s/b2/start"), "/s/*", b"/s/c3/start", b"/login"),
        ((b"/s", b"/s/b2"), "/*", b"/s/c3", b"https://elsewhere/s"),
        ((b"https://a.example/x", b"https://b.example/x"), "https://*", b"https://c.example/", b"/x"),
    ],
)
def test_places_that_differ_share_what_they_share(
    locations: tuple[bytes, ...], common: str, right: bytes, wrong: bytes
) -> None:
    known = learned(*[page(b"", status=302, location=one) for one in locations])
    assert known.location == common
    assert verdict(known, page(b"", status=302, location=right)) is None
    assert verdict(known, page(b"", status=302, location=wrong)) == "location"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (None, None),
        (b"", ""),
        (b"login?next=/", "login"),
        (b"//Elsewhere/x?y", "//elsewhere/x"),
        (b"HTTP://127.0.0.1:8001/a?b#c", "/a"),
        (b"http://[::1/x?y", "http://[::1/x"),
        (b"mailto:a@b", "mailto:a@b"),
        ("/bücher".encode("latin-1"), "/bücher"),
        (b"/a\x1b[2J", "/a\ufffd[2J"),
    ],
)
def test_a_place_is_host_and_path(location: bytes | None, expected: str | None) -> None:
    assert place(location, HOST) == expected


def test_what_is_right_is_said_in_words() -> None:
    assert in_words(SAME) == "200, text/html, 1,000 bytes (978 to 1,028 are taken)"
    assert in_words(VARIED) == "200, text/html, 1,000 to 1,040 bytes (836 to 1,204 are taken)"
    assert in_words(EMPTY) == "204, no body"
    assert in_words(MOVED) == "302 to /login, no body"
    assert accepted(learned(page(b"x"))) == (1, 9)


def test_get_takes_no_redirect_for_a_page_and_redirect_no_page() -> None:
    get, redirect = (next(SCENARIOS[name].requests(Random(0))).expect for name in ("get", "redirect"))
    moves, pages = (301, 302, 303, 307, 308), (200, 204, 206, 304)
    assert [get.fault(status, b"/a", b"") for status in moves] == ["status"] * 5
    assert [get.fault(status, None, b"") for status in pages] == [None] * 4
    assert [get.fault(status, None, b"") for status in (199, 400, 404, 503)] == ["status"] * 4
    assert [redirect.fault(status, b"/a", b"") for status in (*moves, 200)] == [None] * 5 + ["status"]


def test_wrong_answers_are_counted_within_the_window_by_status_and_words() -> None:
    wrong = WrongAnswers()
    wrong.note(7, 5, "status", Answered(302, b"/before", b"", 0))
    wrong.note(7, 11, "status", Answered(302, b"/slow-down?t=1", b"", 0))
    wrong.note(11, 12, "status", Answered(302, b"/slow-down?t=2", b"", 0))
    wrong.note(12, 20, "length", Answered(200, None, HTML, 0))
    wrong.note(13, 21, "type", Answered(200, None, b"", 13))
    assert wrong.counted("done", 10, 20) == (
        {"302": 2, "200": 1},
        {"302 to /slow-down": 2, "200, no body": 1},
    )
    assert wrong.counted("due", 10, 20)[1] == {"302 to /slow-down": 1, "200, no body": 1, "200, no type": 1}
    wrong.clear()
    assert wrong.counted("done", 0, 99) == ({}, {})


def test_an_answer_with_more_bytes_than_its_own_says_so() -> None:
    wrong = WrongAnswers()
    wrong.note(1, 2, "excess", Answered(200, None, b"", 13))
    assert wrong.counted("done", 0, 5) == ({"200": 1}, {"200, and more bytes after its end": 1})


def test_an_answer_that_cannot_be_read_has_words_and_no_status() -> None:
    wrong = WrongAnswers()
    wrong.note_unread(1, 2, "two different Content-Length fields: 13 and 14")
    wrong.note_unread(1, 9, "a NUL byte")
    assert wrong.counted("done", 0, 5) == ({}, {"two different Content-Length fields: 13 and 14": 1})


MANY = 5000
SHOWN = 32


@pytest.mark.parametrize(
    ("fault", "answer", "put_together"),
    [
        ("status", lambda n: Answered(302, b"/%d" % n, b"", 0), "302 to other places"),
        ("location", lambda n: Answered(302, b"/%d" % n, b"", 0), "302 to other places"),
        ("length", lambda n: Answered(200, None, HTML, n), "200, of other lengths"),
        ("type", lambda n: Answered(200, None, b"text/%d" % n, 13), "200, of other types"),
    ],
)
def test_very_many_wrong_answers_of_a_kind_are_put_together_and_leave_other_kinds_their_words(
    fault: str, answer: Callable[[int], Answered], put_together: str
) -> None:
    wrong = WrongAnswers()
    for number in range(MANY):
        wrong.note(1, 1, fault, answer(number))
    wrong.note(1, 1, "status", Answered(503, None, b"", 0))
    statuses, words = wrong.counted("done", 0, 1)
    assert statuses == {str(answer(0).status): MANY, "503": 1}
    assert (words.pop("503"), words[put_together]) == (1, MANY - SHOWN)
    assert len(words) == SHOWN + 1
