"""What a terminal shows of a long log."""

from __future__ import annotations

import pytest

from bench.analysis import analyse
from bench.model import Failure
from bench.report import text
from tests.make_suite import make_suite

FAREWELL = tuple(f"[INFO] going down, step {number}" for number in range(6))


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        ("sqlite3.OperationalError: no such table: item", True),
        ("KeyError: 'SHOP_KEY'", True),
        ("an Error of no kind that was raised", False),
    ],
)
def test_what_was_raised_is_shown_though_a_farewell_follows(raised: str, shown: bool) -> None:
    log = ("Traceback (most recent call last):", raised, *FAREWELL)
    failure = Failure("a.shortly", 1, "start", "the server ended before it answered", log)
    suite = make_suite({"a": 1000.0, "b": 1000.0}, failures=[failure])
    said = text.render(suite, analyse(suite))
    assert FAREWELL[-1] in said
    assert FAREWELL[0] not in said
    assert (raised in said) is shown
