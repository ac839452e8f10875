"""What a shell offers when Tab is pressed: names from the checkout, read anew each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem

from bench.ask.settings import Offered, Setting
from bench.catalogue.home import HOME, results_folder
from bench.catalogue.registry import APPS_FILE, load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.versions import COMPOSE_FILE, branches_and_tags
from bench.model.errors import BenchError
from bench.report import FORMATS
from bench.report.two_runs import FORMATS as COMPARE_FORMATS
from bench.store import RESULT

ROOT = HOME

LISTS = ("servers", "apps", "scenarios", "results")

Completion = Callable[[Context, Parameter, str], list[CompletionItem]]


def _one_of(known: Callable[[], Iterable[str]]) -> Completion:
    def complete(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in _readable(known) if name.startswith(begun)]

    return complete


def _some_of(known: Callable[[], Iterable[str]]) -> Completion:
    """Names with commas between: the last is completed, and none is offered twice."""

    def complete(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
        before, comma, last = begun.rpartition(",")
        left = [name for name in _readable(known) if name not in before.split(",")]
        return [CompletionItem(f"{before}{comma}{name}") for name in left if name.startswith(last)]

    return complete


def _readable(known: Callable[[], Iterable[str]]) -> Iterable[str]:
    """Nothing where a file is wrong: its problems are said once the command is run."""
    try:
        return known()
    except (BenchError, OSError):
        return ()


def results(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
    """Directories of stored results, the newest first; any path where none begins so."""
    folder = results_folder(ROOT)
    stored = sorted(folder.glob(f"*/{RESULT}"), reverse=True)
    base = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    paths = [str(base / path.parent.name) for path in stored]
    items = [CompletionItem(path) for path in paths if path.startswith(begun)]
    return items or [CompletionItem(begun, type="dir")]


def directories(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
    """Folders, which the shell itself completes."""
    return [CompletionItem(begun, type="dir")]


def files(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
    """Files, which the shell itself completes."""
    return [CompletionItem(begun, type="file")]


def versions(_context: Context, _parameter: Parameter, begun: str) -> list[CompletionItem]:
    """Branches and tags; any path where none begins so."""
    items = [CompletionItem(name) for name in branches_and_tags(ROOT) if name.startswith(begun)]
    return items or [CompletionItem(begun, type="file")]


formats = _one_of(lambda: FORMATS)
compare_formats = _one_of(lambda: COMPARE_FORMATS)
lists = _one_of(lambda: LISTS)

_OFFERED: Mapping[Offered, Completion] = {
    "apps": _one_of(lambda: load_apps(ROOT / APPS_FILE)),
    "directories": directories,
    "files": files,
    "scenarios": _some_of(lambda: SCENARIOS),
    "servers": _some_of(lambda: load_servers(ROOT / COMPOSE_FILE)),
    "versions": versions,
}


def offered(setting: Setting) -> Completion | None:
    """What completes a setting's value; None to leave it to the shell."""
    if setting.choices:
        return _one_of(lambda: setting.choices)
    return _OFFERED[setting.offers] if setting.offers else None
