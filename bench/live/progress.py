"""What a run says on standard error while it goes on: a table on a terminal, else a line a phase."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from bench.live.screen import Screen
from bench.machine.interrupt import shield
from bench.report.units import plain


class _Console(Console):
    """One that ends nothing when its reader has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@contextmanager
def _heard_or_not() -> Iterator[None]:
    """Go on without standard error where that can't be written: the disk of a log is full, a pipe's reader or
    the terminal is gone. What is measured is in files.
    """
    try:
        yield
    except OSError:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115


class Reporter:
    """Says what happens; a context manager, so that the terminal is left as it was found.

    Nothing is drawn but by a call: a thread that redraws would take its time from what is measured.

    Args:
        quiet: say nothing but problems.

    Attributes:
        live: whether there is a terminal to draw a table on.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = _Console(stderr=True, quiet=quiet, highlight=False)
        self.live = self._console.is_terminal and not self._console.is_dumb_terminal and not quiet
        self._screen = Screen("")
        self._problems: list[str] = []
        # Standard output is for data, also under a table.
        self._area = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)

    def __enter__(self) -> Self:
        if self.live:
            try:
                with shield():
                    self._area.start()
            except BaseException:
                self._area.stop()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _heard_or_not():
            self._area.stop()
        for text in self._problems:
            self._say(text)

    def phase(self, text: str) -> None:
        """A new phase has begun."""
        if self.live:
            self.show(replace(self._screen, phase=text))
        else:
            self._say(_stamped(text))

    def notice(self, text: str) -> None:
        """Something that whoever looks on wants to know, and that is no problem: above a table, or a line."""
        if not self._console.quiet:
            self._say(_stamped(text))

    def show_text(self, text: str) -> None:
        """Lines that are laid out already, without the time."""
        if not self._console.quiet:
            self._say(text)

    def show(self, screen: Screen) -> None:
        """Draw a run as it is now, where there is a terminal."""
        self._screen = screen
        if self.live:
            with _heard_or_not():
                self._area.update(screen, refresh=True)

    def problem(self, text: str) -> None:
        """Something went wrong that doesn't end the run; under a table it is said again at the end."""
        if self._console.quiet:
            with _heard_or_not():
                print(plain(text), file=sys.stderr, flush=True)
        elif self.live:
            self._problems.append(_stamped(text))
        else:
            self._say(_stamped(text))

    def _say(self, text: str) -> None:
        with _heard_or_not():
            self._console.print(plain(text), markup=False, soft_wrap=True)


def _stamped(text: str) -> str:
    return f"{time.strftime('%H:%M:%S')} {text}"
