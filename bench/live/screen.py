"""What a run shows on a terminal while it goes on: a row a case, how far it is, and what failed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

State = Literal["waiting", "starting", "warming up", "measuring", "failed"]

_NARROW = 80
_SERVER, _LOAD = 20, 20
_STYLES: dict[State, str] = {"waiting": "dim", "failed": "red", "measuring": "green"}
_LOG_LINES = 3
# The heading of the table, a blank line, the bar and the phase; then a failure and its log.
_OTHER_LINES = 4
_MORE_LINES = 1


@dataclass(frozen=True)
class Line:
    """One case so far.

    Attributes:
        figure: with its unit; empty before the first.
        half_width: half of the figure's 95 % interval, as a share of it; None where it isn't known yet.
    """

    server: str
    load: str
    state: State
    figure: str = ""
    half_width: float | None = None


@dataclass(frozen=True)
class Screen:
    """A run at one moment.

    Attributes:
        phase: what is going on, in a few words.
        done: share of its blocks.
        left: how long the rest takes, in words; empty before it is known.
        failure: of the server that failed last: what happened, and the end of its log.
    """

    phase: str
    done: float = 0.0
    left: str = ""
    lines: tuple[Line, ...] = ()
    failure: tuple[str, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        said = [_cut(line, "red") for line in self.failure[:1]]
        said += [_cut(f"    {line.expandtabs()}") for line in self.failure[1:][-_LOG_LINES:]]
        room = max(1, console.height - _OTHER_LINES - len(said) - _MORE_LINES)
        parts: list[RenderableType] = []
        if self.lines:
            parts.append(_table(self.lines[:room], options))
            if len(self.lines) > room:
                parts.append(_cut(f"and {len(self.lines) - room} more, for which this window is too low"))
            parts.append(Text())
        yield Group(*parts, _bar(self, options), _cut(self.phase), *said)


def percent(share: float, options: ConsoleOptions) -> str:
    """A half width: "± 1.2 %"; two rounds that differ give one of thousands, which tells no more."""
    if share > 1:
        return "> 100 %"
    return f"{'+-' if options.ascii_only else '±'} {share:.1%}".replace("%", " %")


def _table(lines: tuple[Line, ...], options: ConsoleOptions) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    server = max(8, _SERVER + options.max_width - _NARROW)
    table.add_column("Server", max_width=server, no_wrap=True, overflow="ellipsis")
    table.add_column("Load", max_width=_LOAD, no_wrap=True, overflow="ellipsis")
    table.add_column("State", no_wrap=True)
    table.add_column("So far", no_wrap=True, justify="right")
    table.add_column("Interval", no_wrap=True, justify="right")
    for line in lines:
        table.add_row(
            Text(line.server),
            Text(line.load),
            Text(line.state, style=_STYLES.get(line.state, "")),
            Text(line.figure),
            Text("" if line.half_width is None else percent(line.half_width, options)),
        )
    return table


def _bar(screen: Screen, options: ConsoleOptions) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_row(
        ProgressBar(total=1.0, completed=screen.done, width=min(30, options.max_width // 3)),
        Text(f"{screen.done:4.0%}".replace("%", " %"), no_wrap=True),
        Text(screen.left, no_wrap=True, overflow="ellipsis"),
    )
    return row


def _cut(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
