"""What the index knows of a stored run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.trend import Point, points
from bench.model.errors import ResultError
from bench.store import RESULT, Outline, derived, load, outline


@dataclass(frozen=True)
class Derived:
    """What is derived of a run and kept beside its result: reading it is a hundred times as fast."""

    outline: Outline
    points: tuple[Point, ...]


@dataclass(frozen=True)
class IndexedRun:
    """A directory of `results/`, and the run in it."""

    directory: str
    outline: Outline
    points: tuple[Point, ...]

    @property
    def started(self) -> str:
        """ISO 8601, in UTC."""
        return self.outline.started


@dataclass(frozen=True)
class Unreadable:
    """A directory of `results/` whose result can't be read, and why."""

    directory: str
    reason: str

    @property
    def started(self) -> str:
        """The directory's name begins with it."""
        return self.directory


def find(results: Path) -> Iterable[Path]:
    """The directories with a result, by name."""
    return (path.parent for path in sorted(results.glob(f"*/{RESULT}")))


def read(directory: Path) -> IndexedRun | Unreadable:
    """The run in a directory; whatever is wrong with it, the others are shown."""
    try:
        kept = derived(directory, Derived, _derive)
    except ResultError as error:
        return Unreadable(directory.name, str(error))
    except (ArithmeticError, LookupError, ValueError) as error:
        return Unreadable(
            directory.name,
            f"its figures contradict each other ({error!r}). The file was edited, or this is a fault of the "
            f"harness: restore it from a copy of the run, or report it with the file.",
        )
    return IndexedRun(directory.name, kept.outline, kept.points)


def _derive(directory: Path) -> Derived:
    outlined = outline(directory)
    return Derived(outlined, points(load(directory)) if outlined.plan.claims else ())
