"""Everything that is wrong with what was asked, collected so that a user is told all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from bench.model.errors import UsageError


class Problems:
    """Collects problems inside a `with` block, whose end raises one `UsageError` that names them all."""

    def __init__(self) -> None:
        self._sentences: list[str] = []

    def note(self, *sentences: str) -> None:
        """Remember what is wrong, a sentence each."""
        self._sentences += sentences

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Remember why the block inside was refused, and go on after it."""
        try:
            yield
        except UsageError as error:
            self.note(*error.problems)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, UsageError):
            self.note(*error.problems)
        if self._sentences and (error is None or isinstance(error, UsageError)):
            raise UsageError(*self._sentences) from None
