"""Numbers in words."""

from __future__ import annotations

import pytest

from bench.model.counted import ranges


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((3,), "3"), ((1, 0), "0, 1"), ((0, 1, 2), "0-2"), ((9, 4, 5, 7, 6, 0, 1), "0, 1, 4-7, 9")],
)
def test_three_or_more_in_a_row_are_a_range(numbers: tuple[int, ...], text: str) -> None:
    assert ranges(numbers) == text
