"""Reading a result directory, finished or not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.model import (
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
from bench.model.errors import ResultError
from bench.model.excerpt import cut
from bench.model.jsonable import Malformed, parse
from bench.store import journal, latencylog
from bench.store.coherent import require_coherent
from bench.store.document import from_document
from bench.store.strict import parse_json, read_text
from bench.store.variants import with_variants

RESULT = "result.json"
LATENCY_LOG = "latency.hlog"
JOURNAL = "blocks.jsonl"


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal: what one block, or the end of a round, added.

    Attributes:
        number: counted over the whole run, also across `resume`.
        plan, calibration, environment, own_cost: what became known since the run's start.
        generators: each replaces what was known of the one of its name.
    """

    number: int
    trials: tuple[Trial, ...] = ()
    deployments: tuple[DeploymentRecord, ...] = ()
    failures: tuple[Failure, ...] = ()
    gap: Mapping[str, Any] | None = None
    plan: Plan | None = None
    calibration: Calibration | None = None
    environment: Environment | None = None
    learned: tuple[Learned, ...] = ()
    confined: tuple[Confined, ...] = ()
    others: tuple[OtherProgram, ...] = ()
    own_cost: OwnCost | None = None
    generators: tuple[Generator, ...] = ()


@dataclass(frozen=True)
class Stored:
    """A suite, and the number that its next journal entry gets."""

    suite: Suite
    entries: int


def load(path: Path) -> Suite:
    """Read a result: its directory, or the `result.json` in it.

    A torn last line of the journal is left out, and stands in `Suite.gaps`.

    Raises:
        ResultError: no result there, torn, malformed, or of another version.
    """
    return read(path).suite


def read(path: Path) -> Stored:
    """`load`, with what the writer needs to go on."""
    directory = path if path.is_dir() else path.parent
    document = read_document(path / RESULT if path.is_dir() else path)
    try:
        suite = replace(from_document(document), directory=str(directory.absolute()))
        saved = parse(int, document.get("blocks_saved", 0), "blocks_saved")
        suite = _with_histograms(suite, directory / LATENCY_LOG)
        stored = _with_journal(suite, saved, directory / JOURNAL)
        require_coherent(stored.suite)
    except Malformed as error:
        raise ResultError(
            f"{directory / RESULT}: {error}. The file was edited, or another version wrote it; restore it "
            f"from a copy of the run, or read it with the version named in environment.versions."
        ) from None
    return stored


def read_document(path: Path) -> Any:
    """The parsed `result.json`.

    Raises:
        ResultError: it isn't there, or isn't JSON that a run writes.
    """
    try:
        return parse_json(read_text(path))
    except OSError as error:
        raise ResultError(
            f"{path}: {error.strerror}. Name a result's directory; `wsgi-bench list results` shows them."
        ) from None
    except json.JSONDecodeError as error:
        raise ResultError(
            f"{path}, line {error.lineno}: {error.msg} (column {error.colno}); the file is torn or was "
            f"edited. Restore it from a copy of the run."
        ) from None
    except Malformed as error:
        raise ResultError(f"{path}: {error}. Restore the file from a copy of the run.") from None


def _with_histograms(suite: Suite, path: Path) -> Suite:
    if not any(trial.histograms for trial in suite.trials):
        return suite
    try:
        logged = latencylog.read(path, {(trial.case, trial.round, trial.block) for trial in suite.trials})
    except OSError as error:
        raise ResultError(
            f"{path}: {error.strerror}. It belongs to result.json beside it; copy both."
        ) from None

    def restored(trial: Trial) -> Trial:
        histograms = logged.get((trial.case, trial.round, trial.block), {})
        missing = trial.histograms.keys() - histograms.keys()
        if missing:
            raise ResultError(
                f"{path}: no line for {', '.join(sorted(missing))} of case {cut(trial.case)}, round "
                f"{trial.round}, block {trial.block}; the file is torn or belongs to another run. "
                f"Restore it from a copy of the run."
            )
        return replace(trial, histograms={name: histograms[name] for name in trial.histograms})

    return replace(suite, trials=tuple(restored(trial) for trial in suite.trials))


def _with_journal(suite: Suite, saved: int, path: Path) -> Stored:
    # Not `exists`: a link that leads nowhere is none of a run's, and is said.
    if not os.path.lexists(path):
        return Stored(suite, saved)
    contents = journal.read(path)
    entries = []
    for line, raw in enumerate(contents.entries, 1):
        try:
            entries.append(parse(JournalEntry, with_variants(raw, "entry"), "entry"))
        except Malformed as error:
            raise ResultError(
                f"{path}, line {line}: {error}. Another version wrote it; resume with that one."
            ) from None
        if len(entries) > 1 and entries[-1].number <= entries[-2].number:
            raise ResultError(
                f"{path}, line {line}: entry {entries[-1].number} comes after {entries[-2].number}; the file "
                f"was edited. Restore it from a copy of the run."
            )
    fresh = [entry for entry in entries if entry.number >= saved]
    suite = _merged(suite, fresh)
    if contents.torn_line is not None:
        suite = replace(suite, gaps=(*suite.gaps, _torn(contents)))
    return Stored(suite, max((entry.number + 1 for entry in fresh), default=saved))


def _merged(suite: Suite, entries: Iterable[JournalEntry]) -> Suite:
    trials, deployments = list(suite.trials), list(suite.deployments)
    failures, gaps, learned = list(suite.failures), list(suite.gaps), list(suite.learned)
    confined, others = list(suite.confined), list(suite.others)
    generators = {generator.name: generator for generator in suite.generators}
    for entry in entries:
        trials += entry.trials
        deployments += entry.deployments
        failures += entry.failures
        learned += entry.learned
        confined += entry.confined
        others += entry.others
        generators |= {generator.name: generator for generator in entry.generators}
        if entry.gap is not None:
            gaps.append(entry.gap)
        suite = replace(
            suite,
            plan=entry.plan or suite.plan,
            calibration=entry.calibration or suite.calibration,
            environment=entry.environment or suite.environment,
            own_cost=entry.own_cost or suite.own_cost,
        )
    return replace(
        suite,
        trials=tuple(trials),
        deployments=tuple(deployments),
        failures=tuple(failures),
        gaps=tuple(gaps),
        learned=tuple(learned),
        confined=tuple(confined),
        others=tuple(others),
        generators=tuple(generators.values()),
    )


def _torn(contents: journal.Contents) -> Mapping[str, Any]:
    return {
        "reason": "the last block was being saved when the machine or the harness stopped; it is lost",
        "file": JOURNAL,
        "line": contents.torn_line,
        "bytes": contents.torn_bytes,
    }
