"""The state of the user's own application: prepared once, put back before each round, left as it was."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bench.ask.ownapp import OwnApp
from bench.deploy.outside import Outside
from bench.deploy.services import services
from bench.deploy.starting import project_environment
from bench.machine import process
from bench.machine.interrupt import shield
from bench.model.errors import StoreError, UsageError
from bench.model.project import Project
from bench.preflight.hiding import Secrets

_COMMAND_S = 600.0
_LINES = 5
# What SQLite has beside a database: https://www.sqlite.org/tempfiles.html
_BESIDE = ("", "-wal", "-shm", "-journal")


@contextmanager
def surrounded(
    own: OwnApp, project: Project, secrets: Secrets, say: Callable[[str], None]
) -> Iterator[Outside]:
    """What the application finds around it while the block lasts: its services are up, `--setup` has run, and
    files of `--copy` are put back before each round and at the end.

    Args:
        secrets: are kept out of what is said of its commands and servers.

    Raises:
        UsageError: services don't come up, `--setup` or `--reset` fails, or a file isn't there.
        EngineError: services are asked for, and there is no Docker engine.
    """
    environment = project_environment(project, own.shell)
    with ExitStack() as stack:
        if own.services is not None:
            name = f"wsgi-bench-services-{os.getpid()}"
            stack.enter_context(services(own.services, name, own.shell, say))
        copies = stack.enter_context(_copied([Path(project.root) / name for name in own.copies]))
        if own.setup:
            say(f"--setup: {own.setup}")
            if failed := _run(own.setup, project, environment):
                raise UsageError(f"--setup {secrets.replaced(failed)}")
            # What it made is what rounds begin with.
            copies.save()
        # Once before anything is measured: it may be wrong from the first.
        if own.reset and (failed := _run(own.reset, project, environment)):
            raise UsageError(f"--reset {secrets.replaced(failed)}")

        def reset() -> None:
            copies.put_back()
            if own.reset and (failed := _run(own.reset, project, environment)):
                raise StoreError(f"--reset {secrets.replaced(failed)}")

        yield Outside(own.shell, reset, secrets.replaced)


def _run(command: str, project: Project, environment: dict[str, str]) -> str:
    """Run a command line of the user's in the project; what went wrong, empty if nothing did."""
    try:
        process.run(
            ["/bin/sh", "-c", command],
            environment=environment,
            cwd=Path(project.root),
            timeout_s=_COMMAND_S,
            merge_errors=True,
        )
    except process.CommandFailed as error:
        said = "\n".join(error.output.strip().splitlines()[-_LINES:])
        return f"{command!r} failed:\n{said}\nRun it yourself in {project.root}, and correct it."
    return ""


@dataclass(frozen=True)
class _Copies:
    """Files as they were, in a folder of their own."""

    files: Sequence[Path]
    folder: Path

    def save(self) -> None:
        """As they are now."""
        for number, file in enumerate(self.files):
            for suffix in _BESIDE:
                _like(file.with_name(file.name + suffix), self.folder / f"{number}{suffix}")

    def put_back(self) -> None:
        """As they were saved last."""
        for number, file in enumerate(self.files):
            for suffix in _BESIDE:
                _like(self.folder / f"{number}{suffix}", file.with_name(file.name + suffix))


@contextmanager
def _copied(files: Sequence[Path]) -> Iterator[_Copies]:
    """Copies of files, which are put back as they were when the block ends, with their dates and modes."""
    if wrong := list(filter(None, map(_uncopied, files))):
        raise UsageError(*wrong)
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-copies-") as scratch:
        first, later = Path(scratch, "first"), Path(scratch, "later")
        first.mkdir()
        later.mkdir()
        original = _Copies(files, first)
        original.save()
        copies = _Copies(files, later)
        copies.save()
        try:
            yield copies
        finally:
            with shield():
                original.put_back()


def _uncopied(file: Path) -> str:
    """Why a file can't be put back; empty if it can. One that is yet to be made is taken away again."""
    if file.is_dir():
        return f"--copy {file}: that is a folder. Name files in it, or put it back with --reset CMD."
    if file.exists():
        return ""
    if not file.parent.is_dir():
        return f"--copy {file}: there is no folder {file.parent}."
    meant = get_close_matches(file.name, [other.name for other in file.parent.iterdir()], 1)
    return f"--copy {file}: there is no such file. Did you mean {meant[0]}?" if meant else ""


def _like(source: Path, target: Path) -> None:
    """Make one file what another is: also when that isn't there."""
    if source.is_file():
        shutil.copy2(source, target)
    else:
        target.unlink(missing_ok=True)
