"""Wrong answers are found among right ones that differ each time, however they are framed and cut."""

from __future__ import annotations

import pytest

from tests.load.differing import try_one


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_every_wrong_answer_is_found_to_be_what_it_is(first: int) -> None:
    for seed in range(first, first + 100):
        try_one(seed)
