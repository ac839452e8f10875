"""Figures keep the digits that tell them apart."""

from __future__ import annotations

import pytest

from bench.report.units import ratio


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.000432, "0.000432"),
        (0.0123, "0.0123"),
        (0.1, "0.100"),
        (0.9876, "0.988"),
        (1.0, "1.000"),
        (12.34, "12.3"),
    ],
)
def test_a_ratio_is_never_nothing_and_tells_one_percent(value: float, said: str) -> None:
    assert ratio(value) == said
