"""Times that a result names are told, or stand as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench.report.index.runs import age
from bench.report.sections import minute


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "yesterday", ""]
)
def test_what_cannot_be_told_stands_as_it_is(moment: str) -> None:
    assert minute(moment) == moment
    assert age(moment, datetime(2026, 1, 1, tzinfo=UTC)) == "of unknown age"


def test_it_is_told_in_utc() -> None:
    assert minute("2026-01-01T01:30:00+02:00") == "2025-12-31 23:30 UTC"
