"""Times that a result names, which anybody may have written."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(moment: str) -> datetime | None:
    """An ISO 8601 time; None if it isn't one, or is beyond the years that can be told."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
