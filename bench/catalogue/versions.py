"""Checkouts, the files of a source: this one, and that of an old version, there while it is needed.

A commit becomes a folder by git's plumbing with an index of its own, which leaves nothing in the repository;
it is gone when the run has ended. A folder or compose file that was named is used as it stands.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import process
from bench.machine.interrupt import shield
from bench.model.errors import UsageError
from bench.model.variant import THIS_CHECKOUT, Source

COMPOSE_FILE = "docker-compose.yml"
_GIT_S = 120.0
# What servers import from the checkout that they run in.
_PACKAGES = ("apps", "servers")


@dataclass(frozen=True)
class Checkout:
    """A source as files.

    Attributes:
        root: the folder that its commands run in.
        imports: a folder for the front of `PYTHONPATH`, by which its packages can't be completed from
            another checkout; None where there is no other. All have one or none, so that they find their
            modules in as many steps.
    """

    root: Path
    compose_file: Path
    imports: Path | None = None


Checkouts = Mapping[Source, Checkout]
"""The files of each source that a run deploys from."""


def this_checkout(root: Path) -> Checkouts:
    """The checkout that the harness runs from, alone."""
    return {THIS_CHECKOUT: Checkout(root, root / COMPOSE_FILE)}


def find(asked: str, root: Path) -> Source:
    """The version that somebody named: a folder, a compose file, or a commit of the repository of `root`.

    Raises:
        UsageError: it is nothing of these.
    """
    path = Path(asked)
    for file in (path, path / COMPOSE_FILE):
        if _holds(file.is_file):
            return Source(asked, _head(file.resolve().parent), str(file.resolve()))
    commit = _commit(asked, root)
    if commit is not None:
        return Source(asked, commit)
    if _holds(path.is_dir):
        raise UsageError(
            f"--against {asked}: the folder has no {COMPOSE_FILE}. Name a checkout of wsgi-bench, a compose "
            f"file, or a commit."
        )
    try:
        _run(root, "rev-parse", "--git-dir")
    except (process.CommandFailed, FileNotFoundError) as error:
        raise UsageError(
            f"--against {asked}: there is no such folder or file, and no commit can be looked for in {root}: "
            f"{_last(error)} Name the folder of another checkout."
        ) from None
    raise UsageError(
        f"--against {asked}: there is no such commit, branch or tag in the repository of {root}, and no such "
        f"folder or file. `git fetch` what is missing; in a shallow clone, fetch it by its name, too."
    )


def branches_and_tags(root: Path) -> list[str]:
    """What a commit of the repository of `root` may be named by; nothing without one."""
    return (_git(root, "for-each-ref", "--format=%(refname:short)") or "").split()


@contextmanager
def checked_out(sources: Iterable[Source], root: Path) -> Iterator[Checkouts]:
    """These sources as files while the block lasts, and this checkout with them.

    Raises:
        UsageError: a commit isn't in the repository any more, or a folder stands at another one.
    """
    wanted = list(dict.fromkeys((THIS_CHECKOUT, *sources)))
    if len(wanted) == 1:
        yield this_checkout(root)
        return
    scratch: Path | None = None
    try:
        with shield():
            scratch = Path(tempfile.mkdtemp(prefix="wsgi-bench-old-"))
        yield {source: _as_files(source, root, scratch / str(number)) for number, source in enumerate(wanted)}
    finally:
        with shield():
            if scratch is not None:
                shutil.rmtree(scratch, ignore_errors=True)


def _as_files(source: Source, root: Path, scratch: Path) -> Checkout:
    scratch.mkdir()
    if source == THIS_CHECKOUT:
        folder, file = root, root / COMPOSE_FILE
    elif source.compose_file is None:
        assert source.commit is not None
        folder, file = scratch / "checkout", scratch / "checkout" / COMPOSE_FILE
        _unpack(source.commit, root, folder, scratch / "index")
    else:
        file = Path(source.compose_file)
        folder = file.parent
        if not file.is_file():
            raise UsageError(
                f"{file}, the old version, isn't there any more. Put it back, or start a new run."
            )
        if (now := _head(folder)) != source.commit:
            raise UsageError(
                f"{folder}, the old version, stood at {_named(source.commit)} and is at {_named(now)} now: "
                f"what was measured is of the first. Check that out, or start a new run."
            )
    return Checkout(folder, file, _closed_packages(folder, scratch / "imports"))


def _unpack(commit: str, root: Path, folder: Path, index: Path) -> None:
    folder.mkdir()
    try:
        git_dir, prefix = _run(root, "rev-parse", "--absolute-git-dir", "--show-prefix").split("\n")[:2]
        apart = {"GIT_DIR": git_dir, "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
        # A checkout may be a folder of a larger repository.
        _run(folder, "read-tree", f"{commit}:{prefix}", **apart)
        _run(folder, "checkout-index", "--all", **apart)
    except (process.CommandFailed, FileNotFoundError) as error:
        raise UsageError(
            f"The old version, commit {commit}, can't be had from the repository of {root}: {_last(error)} "
            f"`git fetch` it, or start a new run."
        ) from None


def _closed_packages(folder: Path, imports: Path) -> Path:
    """A folder by which each package is found in `folder` alone.

    A package without `__init__.py` is put together from every entry of `sys.path` that has a folder of its
    name: a module that the old version lacks would come from this one, without a word. A package with
    `__init__.py` wins over those, wherever it stands, and its `__path__` says where its modules are.
    https://docs.python.org/3/reference/import.html#namespace-packages
    """
    imports.mkdir()
    for name in _PACKAGES:
        own = folder / name
        if (own / "__init__.py").is_file():
            continue
        (imports / name).mkdir()
        (imports / name / "__init__.py").write_text(f"__path__ = [{str(own)!r}]\n")
    return imports


def _commit(asked: str, root: Path) -> str | None:
    """The full name of a commit; None where there is none of that name."""
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")


def _head(folder: Path) -> str | None:
    """The commit that a checkout stands at; None if the folder isn't the top of one."""
    if not (folder / ".git").exists():
        return None
    return _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says in a folder; None where it refuses."""
    try:
        return _run(folder, *arguments).strip()
    except (process.CommandFailed, FileNotFoundError, ValueError):
        # A ValueError is for a name with a null byte.
        return None


def _run(folder: Path, *arguments: str, **environment: str) -> str:
    command = ["git", *arguments]
    return process.run(command, cwd=folder, environment={**os.environ, **environment}, timeout_s=_GIT_S)


def _last(error: process.CommandFailed | FileNotFoundError) -> str:
    if isinstance(error, FileNotFoundError):
        return "There is no `git` command."
    lines = error.output.strip().splitlines() or ["git gave no reason"]
    return lines[-1].rstrip(".") + "."


def _holds(check: Callable[[], bool]) -> bool:
    """What is asked of a path; False for a text that can't be one."""
    try:
        return check()
    except (OSError, ValueError):
        return False


def _named(commit: str | None) -> str:
    return "no commit" if commit is None else f"commit {commit[:12]}"
