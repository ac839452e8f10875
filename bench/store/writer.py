"""Writing a result directory while a run goes on, and at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.machine.interrupt import shield
from bench.model import (
    Analysis,
    Calibration,
    Confined,
    DeploymentRecord,
    Environment,
    Failure,
    Generator,
    Learned,
    OtherProgram,
    OwnCost,
    Plan,
    Suite,
    Trial,
)
from bench.model.errors import MachineError, ResultError
from bench.model.jsonable import dump
from bench.model.resume_command import resume_command
from bench.store import files, latencylog
from bench.store.analysis_document import Document
from bench.store.document import to_document
from bench.store.journal import Journal
from bench.store.lock import Lock
from bench.store.reader import JOURNAL, LATENCY_LOG, RESULT, JournalEntry, Stored, read
from bench.store.rescue import Kept, fresh_directory
from bench.store.variants import plan_to_document

Analyse = Callable[[Suite], Analysis]


class Writer:
    """Saves a run, block by block. A context manager; leaving it closes the journal and the lock.

    It holds no trial in memory, so that its size doesn't grow with the run.

    Attributes:
        directory: the run's own.
    """

    def __init__(self, directory: Path, stored: Stored, analyse: Analyse, lock: Lock) -> None:
        """Not for callers: `Writer.create` and `Writer.resume` are."""
        self.directory = directory
        self._lock = lock
        self._analyse = analyse
        self._entries = stored.entries
        self._cases = _case_ids(stored.suite.plan)
        self._kept = Kept(directory, (LATENCY_LOG, RESULT))
        self._journal = Journal(directory / JOURNAL)
        self._unsaved: list[Mapping[str, Any]] = []

    @classmethod
    def create(cls, directory: Path, suite: Suite, analyse: Analyse) -> Self:
        """Start a result with a suite that has no trials yet.

        Args:
            analyse: gives the derived part of `result.json`; `bench.analysis.analyse`.

        Raises:
            ResultError: the directory holds a result already, or another run writes there.
            MachineError: it can't be written.
        """
        with files.machine_errors(directory / RESULT):
            directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            lock = stack.enter_context(Lock(directory))
            if taken := why_taken(directory):
                raise ResultError(taken)
            stored = Stored(suite, 0)
            _write(directory, stored, analyse)
            writer = cls(directory, stored, analyse, lock)
            stack.pop_all()
        return writer

    @classmethod
    def resume(
        cls, directory: Path, analyse: Analyse, check: Callable[[Suite], None] | None = None
    ) -> tuple[Self, Suite]:
        """Go on with an interrupted result; what the journal holds goes into `result.json` first.

        Args:
            check: raises if it mustn't go on; nothing of the result has been changed by then.

        Returns:
            The writer, and the suite as far as it was saved.

        Raises:
            ResultError: it can't be read, is complete, or is still being written.
            MachineError: it can't be written.
        """
        # Before the lock: a place without a result is to get no file.
        read(directory)
        files.require_own_files(directory)
        with ExitStack() as stack:
            lock = stack.enter_context(Lock(directory))
            stored = read(directory)
            if stored.suite.complete:
                raise ResultError(f"{directory} is complete: there is nothing to resume. Start a new run.")
            if check is not None:
                check(stored.suite)
            _write(directory, stored, analyse)
            writer = cls(directory, stored, analyse, lock)
            stack.pop_all()
        return writer, stored.suite

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close()
        self._kept.close()
        self._lock.close()

    def append(
        self,
        *,
        trials: Iterable[Trial] = (),
        deployments: Iterable[DeploymentRecord] = (),
        failures: Iterable[Failure] = (),
        gap: Mapping[str, Any] | None = None,
        plan: Plan | None = None,
        calibration: Calibration | None = None,
        environment: Environment | None = None,
        learned: Iterable[Learned] = (),
        confined: Iterable[Confined] = (),
        others: Iterable[OtherProgram] = (),
        own_cost: OwnCost | None = None,
        generators: Iterable[Generator] = (),
    ) -> None:
        """Save what one block, or the end of a round, added. On disk when this returns.

        Args:
            plan, calibration, environment, own_cost: replace those before; generators: those of their names.

        Raises:
            MachineError: disk full, or the directory was removed; everything saved before is intact, and
                `rescue` saves this, too.
        """
        entry = JournalEntry(
            self._entries,
            tuple(trials),
            tuple(deployments),
            tuple(failures),
            gap,
            plan,
            calibration,
            environment,
            tuple(learned),
            tuple(confined),
            tuple(others),
            own_cost,
            tuple(generators),
        )
        content = {
            f.name: plan_to_document(value) if isinstance(value, Plan) else dump(value)
            for f in fields(entry)
            if f.name != "number" and (value := getattr(entry, f.name)) not in ((), None)
        }
        if not content:
            return
        if plan is not None:
            self._cases = _case_ids(plan)
        unknown = {trial.case for trial in entry.trials} - self._cases
        if unknown:
            raise ValueError(f"trials of cases that the plan doesn't have: {', '.join(sorted(unknown))}")
        self._entries += 1
        self._unsaved.append({"number": entry.number, **content})
        self._save()

    def finish(self, *, complete: bool, finished: str | None) -> Suite:
        """Write `result.json` and `latency.hlog` from all that was saved, and remove the journal.

        Args:
            complete: whether something was measured in every round.
            finished: ISO 8601 time; None when the run was interrupted.

        Raises:
            MachineError: something couldn't be saved, for want of space or since the directory was removed;
                what is left there is as it was. `rescue` writes everything somewhere else.
        """
        self._journal.require_there()
        # What there was no space for may find some now.
        self._save()
        suite = self._finished(self.directory, complete, finished)
        self._journal.close()
        return suite

    def rescue(self, places: Iterable[Path], *, complete: bool, finished: str | None) -> Suite:
        """Write the whole result into a new directory, which is `directory` from then on.

        Args:
            places: the first that takes it gets the new directory.

        Raises:
            MachineError: none does.
        """
        tried: list[str] = []
        for place in dict.fromkeys(places):
            try:
                with fresh_directory(place, self.directory.name) as directory:
                    self._kept.copy_to(directory)
                    self._journal.copy_to(directory / JOURNAL)
                    with Journal(directory / JOURNAL) as journal:
                        for line in self._unsaved:
                            journal.append(line)
                    suite = self._finished(directory, complete, finished)
            except (OSError, MachineError, ResultError):
                tried.append(str(place))
                continue
            self.directory = directory
            return suite
        raise MachineError(f"What was measured can't be written elsewhere either: not to {', '.join(tried)}.")

    def _save(self) -> None:
        """Write what isn't in the journal yet, in order: a small entry waits for a large one before it."""
        # A signal between the two lines would have an entry written twice.
        with shield():
            while self._unsaved:
                self._journal.append(self._unsaved[0])
                del self._unsaved[0]

    def _finished(self, directory: Path, complete: bool, finished: str | None) -> Suite:
        stored = read(directory)
        suite = replace(stored.suite, complete=complete, finished=finished)
        _write(directory, Stored(suite, stored.entries), self._analyse)
        return suite


def why_taken(directory: Path) -> str:
    """Why a new result can't go into a directory; empty if it can."""
    if not ((directory / RESULT).exists() or (directory / JOURNAL).exists()):
        return ""
    try:
        suite = read(directory).suite
    except ResultError:
        return f"{directory} holds a result already, which can't be read. Choose another place with --out."
    if suite.complete:
        return f"{directory} holds a result already. Choose another place with --out."
    command = resume_command(directory)
    return (
        f"{directory} holds a result already. Continue it with `{command}`, or choose another place with "
        f"--out."
    )


def _case_ids(plan: Plan) -> frozenset[str]:
    return frozenset(case.id for case in plan.cases)


def _write(directory: Path, stored: Stored, analyse: Analyse) -> None:
    """Write both files, and remove the journal they replace.

    The log comes first: `result.json` names the histograms it needs and how many journal entries it
    holds, so that at every moment in between the directory reads the same.
    """
    suite = stored.suite
    document = to_document(suite, analyse(suite), stored.entries)
    files.replace(directory / LATENCY_LOG, latencylog.lines(suite.started, suite.trials))
    files.replace(directory / RESULT, _pretty(document))
    with files.machine_errors(directory / JOURNAL):
        (directory / JOURNAL).unlink(missing_ok=True)
        files.sync_directory(directory)


def _pretty(document: Document) -> Iterator[str]:
    """JSON with a line a trial: a person can read it, and a torn place has a line number."""
    yield "{\n"
    for i, (key, value) in enumerate(document.items()):
        yield ",\n" if i else ""
        if key == "cases":
            yield f' "cases": [{",".join(map(_pretty_case, value))}\n ]'
        else:
            yield f" {json.dumps(key)}: {_indented(value, 1)}"
    yield "\n}\n"


def _pretty_case(case: Document) -> str:
    head = _indented({key: value for key, value in case.items() if key != "trials"}, 2)
    trials = ",".join("\n    " + json.dumps(trial, allow_nan=False) for trial in case["trials"])
    return f'\n  {head.removesuffix("}").rstrip()},\n   "trials": [{trials}]\n  }}'


def _indented(value: Any, level: int) -> str:
    text = json.dumps(value, allow_nan=False, indent=1)
    return text.replace("\n", "\n" + " " * level)
