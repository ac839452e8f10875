"""The folder of results: what a run is called, which is the newest, and the report files beside a result."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bench.analysis import analyse
from bench.catalogue.home import results_folder
from bench.model import Analysis, Suite
from bench.model.errors import ResultError, UsageError
from bench.report import FORMATS, text
from bench.report.index import write_index
from bench.store import RESULT, load, replace_file
from bench.store.files import machine_errors

REPORTS = {"report.html": "html", "report.md": "md"}


def new_id(now: datetime) -> str:
    """What a run of that time is called, on this machine."""
    return f"{now:%Y%m%dT%H%M%SZ}-{socket.gethostname()}"


def require_place(root: Path, out: Path | None) -> None:
    """See that the directory of a new run can be made; nothing is.

    Raises:
        UsageError: it can't.
    """
    wanted, way = (out or results_folder(root)).absolute(), "Name another place with --out DIR."
    place = next(path for path in (wanted, *wanted.parents) if path.exists())
    if not place.is_dir():
        raise UsageError(f"Results would go to {wanted}, which is a file. {way}")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UsageError(f"Results would go to {wanted}, but {place} can't be written to. {way}")


@contextmanager
def result_directory(root: Path, out: Path | None) -> Iterator[Path]:
    """The directory of a new run: as asked, else `<UTC time>-<host>/` in the folder of results, with a number
    where another run began in the same second. It is gone afterwards if nothing was put into it.

    In somebody's project that folder tells git to pass it over.
    """
    if out is not None:
        yield out.resolve()
        return
    folder = results_folder(root)
    if not folder.is_relative_to(root) and not (folder / ".gitignore").exists():
        with machine_errors(folder):
            folder.mkdir(exist_ok=True)
            (folder / ".gitignore").write_text("*\n")
    name = new_id(datetime.now(UTC))
    directory = next(filter(_made, (folder / f"{name}{f'-{n}' * (n > 1)}" for n in count(1))))
    try:
        yield directory
    finally:
        with suppress(OSError):
            directory.rmdir()


def _made(directory: Path) -> bool:
    """Make a directory; False where there is one.

    Raises:
        MachineError: it can't be made.
    """
    with machine_errors(directory):
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            return False
        return True


def write_reports(suite: Suite, directory: Path) -> Analysis:
    """Write the report files beside a result."""
    analysis = analyse(suite)
    for name, format_name in REPORTS.items():
        replace_file(directory / name, [FORMATS[format_name](suite, analysis)])
    return analysis


def newest_result(root: Path) -> Path:
    """The directory of the stored result that was written last.

    Raises:
        ResultError: there is none.
    """
    results = sorted((results_folder(root)).glob(f"*/{RESULT}"), key=lambda path: path.stat().st_mtime)
    if not results:
        raise ResultError(f"{results_folder(root)} holds no result yet; `wsgi-bench run` makes one.")
    return results[-1].parent


def result_path(named: Path) -> Path:
    """The directory of a result that the user named by it or by its `result.json`."""
    return named.parent if named.is_file() else named


def write_all_reports(directory: Path, root: Path) -> list[Path]:
    """Render a stored result's files again, and the index of all results; return what was written."""
    write_reports(load(directory), directory)
    written = [directory / name for name in REPORTS]
    return [*written, write_index(results_folder(root))] if (results_folder(root)).is_dir() else written


def rendered(directory: Path, format_name: str, width: int = text.WIDTH) -> str:
    """A stored result in one of the formats.

    Args:
        width: of the terminal; for "text".
    """
    suite = load(directory)
    if format_name == "text":
        return text.render(suite, analyse(suite), width)
    return FORMATS[format_name](suite, analyse(suite))
