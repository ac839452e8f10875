"""Finds the Python that runs a project's application."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.catalogue import built, environments
from bench.catalogue import requirements as wanted
from bench.catalogue.environments import Environment
from bench.catalogue.home import at_home
from bench.catalogue.python import Interpreter, read
from bench.machine import process, uv
from bench.model.errors import UsageError

__all__ = ["Interpreter", "find_interpreter"]

Say = Callable[[str], None]


def find_interpreter(
    folder: Path,
    *,
    asked: str | None,
    requirements: Path | None,
    environment: Mapping[str, str],
    say: Say,
) -> Interpreter:
    """The Python of the project in `folder`.

    It is the one that was asked for, else that of the active or the nearest virtual environment, else of one
    that is built from the project's list of requirements, else the machine's. The project isn't written to.

    Args:
        asked: path, folder of an environment, name or version (`--python`); None for none.
        requirements: a list to build an environment from, whatever else there is (`--requirements`), with the
            Python that was asked for, if one was.
        environment: the shell's.
        say: gets a line for what takes a while or needs to be known.

    Raises:
        UsageError: there is none, it doesn't work, or the requirements can't be had; says what to do.
        MachineError: there is no uv, or the cache can't be written.
    """
    folder = folder.absolute()
    if requirements is not None:
        return _build(wanted.read_file(folder / requirements), folder, asked, environment, say)
    if asked:
        return read(_named(asked, folder, environment), f"--python {asked}", folder, environment)
    if existing := _existing(folder, environment, say):
        return read(existing.python, existing.source, folder, environment)
    if needs := wanted.find(folder):
        return _build(needs, folder, None, environment, say)
    return read(_machines(environment), "the machine's Python", folder, environment)


def _existing(folder: Path, environment: Mapping[str, str], say: Say) -> Environment | None:
    active = environments.active(environment)
    if active and not _is_ours(active.folder):
        return active
    nearest = environments.nearest(folder, environment)
    chosen = nearest or active
    if chosen and _is_ours(chosen.folder):
        say(
            f"{chosen.source} has wsgi-bench itself in it: the application sees the packages of both. "
            "--python names another environment, --requirements FILE builds one."
        )
    return chosen


def _is_ours(folder: Path) -> bool:
    return folder.resolve() == Path(sys.prefix).resolve()


def _named(asked: str, folder: Path, environment: Mapping[str, str]) -> Path:
    path = folder / at_home(asked, "--python")
    if path.is_dir():
        return Environment(path, f"--python {asked}").python
    if path.exists():
        return path
    if "/" in asked:
        raise UsageError(f"--python {asked}: {path} doesn't exist.")
    if program := shutil.which(asked, path=environment.get("PATH")):
        return Path(program)
    return _of_pyenv(asked, environment) or _by_uv([asked], f"--python {asked}", folder, environment)


def _of_pyenv(asked: str, environment: Mapping[str, str]) -> Path | None:
    """The newest that pyenv has of a version; its shims, which uv would ask, know only the chosen ones."""
    root = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/"), ".pyenv"))
    if not re.fullmatch(r"3(\.\d+){1,2}", asked):
        return None
    versions = [path for path in root.glob(f"versions/{asked}*/bin/python") if _is(path.parts[-3], asked)]
    return max(versions, key=lambda path: path.parts[-3].rpartition(".")[2].zfill(4), default=None)


def _is(version: str, asked: str) -> bool:
    return version == asked or bool(re.fullmatch(re.escape(asked) + r"\.\d+", version))


def _by_uv(request: list[str], source: str, folder: Path, environment: Mapping[str, str]) -> Path:
    try:
        return Path(
            uv.run(["python", "find", "--system", *request], environment=environment, cwd=folder).strip()
        )
    except process.CommandFailed as error:
        raise UsageError(
            f"{source}: {uv.reason(error)[:200]}. Install it (uv python install), or give --python another."
        ) from None


def _build(
    needs: wanted.Needs, folder: Path, asked: str | None, environment: Mapping[str, str], say: Say
) -> Interpreter:
    if asked:
        source, python = f"--python {asked}", _named(asked, folder, environment)
    else:
        source = f"the Python for {needs.source}"
        python = _by_uv([], source, needs.root, environment)
    base = read(python, source, folder, environment)
    made = built.environment(needs, base, environment, say)
    return read(made / "bin" / "python", f"built from {needs.source}", folder, environment)


def _machines(environment: Mapping[str, str]) -> Path:
    """What `python3` is; where that is the harness's own environment, what this one was made from."""
    found = shutil.which("python3", path=environment.get("PATH"))
    if found and not Path(found).absolute().is_relative_to(Path(sys.prefix).absolute()):
        return Path(found)
    return Path(getattr(sys, "_base_executable", None) or sys.executable)
