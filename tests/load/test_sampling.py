"""A probe says what the answers of a scenario are like: how long, and whether they differ each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.learned import Answered
from bench.catalogue.scenarios.request import Expect, Request, Scenario
from bench.load.learning import Asked
from bench.load.probe import addresses, probe
from bench.load.sampling import sample
from bench.model import Sample
from tests.pages import HTML, Page, serving

TWO = (Request("often", "GET", "/a", Expect(200)), Request("seldom", "GET", "/b", Expect(200)))


def answer(body: bytes, *, date: str = "today") -> Asked:
    data = f"HTTP/1.1 200 OK\r\nDate: {date}\r\n\r\n".encode() + body
    return Asked("", "", len(data), Answered(200, None, None, len(body)), data)


HEAD_BYTES = len(answer(b"").data)


def scenario(*requests: Request) -> Scenario:
    """The first of some requests nine times as often as each of the others."""
    first, *others = requests

    def mix(_rng: object) -> object:
        while True:
            yield from [first] * 9
            yield from others

    return Scenario("two", "", tuple(r.endpoint for r in requests), mix)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("second", "differing"),
    [
        (answer(b"page"), False),
        (answer(b"page", date="tomorrow"), False),
        (answer(b"Page"), True),
        (answer(b"page!"), True),
    ],
)
def test_answers_differ_that_differ_in_more_than_the_date(second: Asked, differing: bool) -> None:
    found = sample(scenario(TWO[0]), [(TWO[0], answer(b"page"))], lambda _: second)
    assert found == Sample(HEAD_BYTES, 4, differing)


@pytest.mark.parametrize("before", [b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", b"\r\n"])
def test_the_date_is_that_of_the_final_answer(before: bytes) -> None:
    first, second, other = (
        replace(asked, data=before + asked.data)
        for asked in (answer(b"page"), answer(b"page", date="tomorrow"), answer(b"Page"))
    )
    assert not sample(scenario(TWO[0]), [(TWO[0], first)], lambda _: second).differing
    assert sample(scenario(TWO[0]), [(TWO[0], first)], lambda _: other).differing


def test_answers_that_end_their_lines_otherwise_are_compared_too() -> None:
    first, second = (
        replace(asked, data=asked.data.replace(b"\r\n", b"\n"))
        for asked in (answer(b"page"), answer(b"page", date="tomorrow"))
    )
    assert not sample(scenario(TWO[0]), [(TWO[0], first)], lambda _: second).differing


def test_endpoints_weigh_as_often_as_they_are_asked() -> None:
    first = [(TWO[0], answer(b"x" * 1000)), (TWO[1], answer(b"x" * 2000))]
    again = {TWO[0]: answer(b"x" * 1000), TWO[1]: answer(b"y" * 2000)}
    assert sample(scenario(*TWO), first, again.__getitem__) == Sample(HEAD_BYTES, 1100, False)


def test_what_is_not_asked_again_is_taken_to_differ() -> None:
    assert sample(scenario(TWO[0]), [(TWO[0], answer(b"page"))], None).differing
    post = Request("new", "POST", "/", Expect(200))
    asked: list[Request] = []

    def again(request: Request) -> Asked:
        asked.append(request)
        return answer(b"page")

    assert sample(scenario(post), [(post, answer(b"page"))], again).differing
    assert asked == []


@pytest.mark.parametrize(
    ("page", "size", "differing"),
    [
        (lambda _: Page(b"Hello" * 300, headers=HTML), 1500, False),
        (lambda n: Page(b"x" * 1490 + b"%010d" % n, headers=HTML), 1500, True),
        (lambda n: Page(b"Hello", headers={**HTML, "Set-Cookie": f"id={n}"}), 5, True),
        (lambda _: Page(b"", status=204), 0, False),
    ],
)
def test_a_probe_samples_what_it_asks(page: Callable[[int], Page], size: int, differing: bool) -> None:
    with serving(page) as url:
        (place,) = addresses(url)
        found = probe(place, urlsplit(url).netloc, SCENARIOS["get"], 10.0).sample
    assert found is not None
    assert (found.body_bytes, found.differing) == (size, differing)
    assert 50 < found.head_bytes < 300
