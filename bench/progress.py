"""What a run says while it goes on: on standard error, a bar on a terminal, else a line a phase."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Reporter:
    """Says what happens; a context manager, so that the terminal is left as it was found.

    Args:
        quiet: say nothing but problems.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = self._console.is_terminal and not quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def phase(self, text: str) -> None:
        """A new phase has begun."""
        if self._live:
            self._bar.update(self._task, description=text)
        else:
            self._console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False, soft_wrap=True)

    def share_done(self, done: int, total: int) -> None:
        """So much of the run's trials has been measured."""
        self._bar.update(self._task, completed=done, total=total)

    def problem(self, text: str) -> None:
        """Something went wrong that doesn't end the run."""
        if self._console.quiet:
            print(text, file=sys.stderr)
        else:
            self._console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False, soft_wrap=True)
