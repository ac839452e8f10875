"""The end of a run, however it ends: its result and reports are written where that can be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from bench.catalogue.home import results_folder
from bench.model import Analysis, Suite
from bench.model.counted import ranges
from bench.model.errors import BenchError, Interrupted, MachineError, ResultError, UsageError
from bench.model.resume_command import resume_command
from bench.report.index import write_index
from bench.report.repeat import shell_variables
from bench.report.units import listed
from bench.run.named_again import named_again
from bench.run.results import write_reports
from bench.store import RESULT, Writer


@dataclass(frozen=True)
class Saved:
    """What a run left.

    Attributes:
        lost: why it isn't where it was to be; empty if it is.
        unwritten: why there is no report; None if there is one.
    """

    suite: Suite
    directory: Path
    analysis: Analysis | None
    lost: str = ""
    unwritten: MachineError | None = None

    @property
    def where(self) -> str:
        """That what was measured is saved, to end a sentence on."""
        return f" in {self.directory}, since {self.lost}" if self.lost else ""

    def continued(self) -> str:
        """How to go on."""
        return f"What was measured is saved{self.where}; `{self.command}` continues it."

    @property
    def command(self) -> str:
        """The command line that goes on."""
        variables = shell_variables(self.suite.environment)
        return resume_command(self.directory, named_again(self.suite.plan), variables)


def save(writer: Writer, root: Path, *, ended: bool, complete: bool) -> Saved:
    """Write the result and its reports: into the run's directory, or where that is possible.

    Raises:
        MachineError: it isn't anywhere.
    """
    finished = datetime.now(UTC).isoformat(timespec="seconds") if ended else None
    lost = ""
    try:
        suite = writer.finish(complete=complete, finished=finished)
    except (MachineError, ResultError) as error:
        lost = _no_sentence(str(error))
        suite = writer.rescue(_places(writer.directory, root), complete=complete, finished=finished)
    try:
        analysis = write_reports(suite, writer.directory)
        if writer.directory.parent == results_folder(root):
            write_index(results_folder(root))
    except MachineError as error:
        return Saved(suite, writer.directory, None, lost, error)
    return Saved(suite, writer.directory, analysis, lost)


def raise_told(error: BaseException, directory: Path, saved: Saved | MachineError) -> NoReturn:
    """Raise what broke a run off, with what became of the run.

    Args:
        directory: the run's own, in which files may have failed to open.
        saved: what it left, or the exception by which that couldn't be written.
    """
    if isinstance(error, OSError) and _is_in(error.filename, directory):
        error = MachineError(f"{error.filename} can't be written: {error.strerror}.")
    if isinstance(error, UsageError) or not isinstance(error, BenchError):
        raise error
    rest = str(saved) if isinstance(saved, MachineError) else saved.continued()
    text = str(error).rstrip()
    if isinstance(saved, Saved) and saved.lost and text.startswith(saved.lost):
        rest = rest.replace(f", since {saved.lost}", "")
    # What ends with lines of a log is no sentence to go on from.
    joined = f"{text}\n{rest}" if "\n" in text else f"{text.rstrip('.')}. {rest}"
    raise (Interrupted if isinstance(error, Interrupted) else BenchError)(joined) from error


def require_written(saved: Saved) -> Analysis:
    """The analysis, if everything is where it was to be.

    Raises:
        MachineError: it isn't; says where what is, though all was measured.
    """
    if saved.unwritten is not None:
        raise MachineError(
            f"All was measured, and is saved in {saved.directory / RESULT}, but no report could be written: "
            f"{saved.unwritten} `wsgi-bench report {saved.directory}` writes it then."
        ) from saved.unwritten
    if saved.lost:
        raise MachineError(
            f"All was measured, and is saved{saved.where}; the report is {saved.directory / 'report.html'}."
        )
    assert saved.analysis is not None
    return saved.analysis


def _places(directory: Path, root: Path) -> Iterator[Path]:
    """Where a result may go that can't be written into its directory, the likeliest first."""
    yield from (directory.parent, results_folder(root), Path.cwd(), Path(tempfile.gettempdir()), Path.home())


def _is_in(name: object, directory: Path) -> bool:
    return isinstance(name, str) and Path(name).is_relative_to(directory)


def _no_sentence(text: str) -> str:
    """The first sentence of a message, to follow "since": what to do about it is said already."""
    return text.partition(". ")[0].rstrip(".")


def nothing_in(rounds: list[int], saved: Saved) -> str:
    """That a run isn't complete, and how it can become so."""
    plan = saved.suite.plan
    numbers = listed(ranges(rounds).split(", "))
    which = f" in round{'s' * (len(rounds) > 1)} {numbers} of {plan.rounds}"
    return (
        f"The run isn't complete: nothing was measured{which if plan.rounds > 1 else ''}, since every "
        f"deployment had failed. Once the cause is mended, `{saved.command}` continues it. Where the "
        f"mend changes what is run, as a server's line, begin a new run."
    )
