"""A table of a scenario file: its values by kind, and what is wrong with them by place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from bench.ask.words import hint
from bench.model.problems import Problems

T = TypeVar("T")
_KINDS: Mapping[type, str] = {str: "text", bool: "true or false", dict: "a table", list: "a list"}
_MOST = 1_000_000


class Table:
    """Values, and where they stand.

    Attributes:
        values: as they were written.
        place: what a mistake in them is named with, e.g. "shop.toml, [[requests]] 2".
    """

    def __init__(
        self, values: Mapping[str, Any], place: str, problems: Problems, known: Collection[str] = ()
    ) -> None:
        """Note every key that isn't known, if any are said to be."""
        self.values = values
        self.place = place
        self.problems = problems
        for key in values if known else ():
            if key not in known:
                self.note(f"there is no {key!r}{hint(key, known)}. Known are {', '.join(known)}")

    def note(self, what: str, key: str = "") -> None:
        """Remember what is wrong with the table, or with one of its values."""
        self.problems.note(f"{self.place}{', ' if key else ''}{key}: {what}.")

    def get(self, key: str, kind: type[T], otherwise: T) -> T:
        """A value; the other one where there is none, or none of that kind, which is noted."""
        value = self.values.get(key, otherwise)
        if not isinstance(value, kind):
            self.note(f"{value!r} is not {_KINDS[kind]}", key)
            return otherwise
        return value

    def number(self, key: str, otherwise: float) -> float:
        """A number that isn't below 0, and no infinity."""
        value = self.values.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
            self.note(f"{value!r} is no number from 0 to {_MOST:,}", key)
            return otherwise
        return float(value)

    def table(self, key: str, known: Collection[str] = ()) -> Table:
        """A table in this one, empty where there is none."""
        return Table(self.get(key, dict, {}), f"{self.place}, {key}", self.problems, known)


def as_text(value: Any) -> str | None:
    """A plain value as text; None for a list, a table or a date."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
