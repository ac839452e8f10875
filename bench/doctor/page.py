"""The findings for a terminal of 80 columns: what needs attention in full, then the rest in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.model.finding import Finding, Severity

_WIDTH = 80
# Never colour alone: a symbol and the word stand beside it.
_SYMBOLS: dict[Severity, tuple[str, str, str]] = {
    "problem": ("✗", "x", "red"),
    "warning": ("!", "!", "yellow"),
    "unknown": ("?", "?", "blue"),
    "ok": ("✓", "+", "green"),
}


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print all findings, the worst first."""
    with console.capture() as captured:
        for part in _parts(findings, console):
            console.print(part, width=min(_WIDTH, console.width))
    for line in captured.get().splitlines():
        console.file.write(line.rstrip() + "\n")
    console.file.flush()


def _parts(findings: Sequence[Finding], console: Console) -> Iterator[RenderableType]:
    for state in ("problem", "warning"):
        for finding in findings:
            if finding.severity == state:
                yield _line(finding, console)
                for text in (finding.why, finding.fix):
                    yield Padding(Text(_said(text, console)), (0, 0, 0, 4))
                yield Text()
    for state in ("unknown", "ok"):
        for finding in findings:
            if finding.severity == state:
                yield _line(finding, console)
    yield Text(f"\n{_summary(findings)}")


def _line(finding: Finding, console: Console) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=9, no_wrap=True)
    line.add_column(width=17, no_wrap=True)
    line.add_column(overflow="fold")
    fancy, plain, colour = _SYMBOLS[finding.severity]
    symbol = fancy if _speaks_unicode(console) else plain
    state = Text(f"{symbol} {finding.severity}", style=colour)
    line.add_row(state, Text(finding.code), Text(_said(finding.text, console)))
    return line


def _said(text: str, console: Console) -> str:
    """The text with what this terminal can't show replaced: names of processes and paths can be anything."""
    return text.encode(console.encoding, "replace").decode(console.encoding)


def _speaks_unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")


def _summary(findings: Sequence[Finding]) -> str:
    number = {state: sum(finding.severity == state for finding in findings) for state in _SYMBOLS}
    if number["problem"]:
        return f"{number['problem']} of {len(findings)} checks found what would spoil a run: see above."
    if number["warning"]:
        return f"Nothing would spoil a run; {number['warning']} of {len(findings)} checks have a warning."
    return f"Nothing found in {len(findings)} checks that would spoil a run."
