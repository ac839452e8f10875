"""The applications that a run serves: whether they can be found, checked before anything starts."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.catalogue.locate import Located
from bench.machine import process
from bench.model.errors import MachineError

# What a server gets of this process's environment. Not all of it: GUNICORN_CMD_ARGS, WEB_CONCURRENCY,
# UWSGI_* and their like would change the configuration that is measured.
INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "TZ")
_LOCATE_S = 60.0
_CALLABLE = r"[^\W\d]\w*"


def search_path(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of PYTHONPATH as seen from where the command was given; servers run in the checkout."""
    given = environment.get("PYTHONPATH", "")
    return tuple(map(os.path.abspath, given.split(os.pathsep))) if given else ()


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child process that serves gets of an environment."""
    variables = {name: environment[name] for name in INHERITED if name in environment}
    if folders := search_path(environment):
        variables["PYTHONPATH"] = os.pathsep.join(folders)
    return variables


def locate(targets: Iterable[str], root: Path, environment: Mapping[str, str]) -> dict[str, Located]:
    """Where each `module:callable` is for a server; paths inside the checkout are told from there.

    Raises:
        MachineError: it can't be found out.
    """
    wanted = list(dict.fromkeys(targets))
    if not wanted:
        return {}
    try:
        said = process.run(
            [sys.executable, "-m", "bench.catalogue.locate", *wanted],
            environment=inherited(environment),
            cwd=root,
            timeout_s=_LOCATE_S,
        )
        applications = json.loads(said.splitlines()[-1])
    except (process.CommandFailed, ValueError, IndexError) as error:
        raise MachineError(
            f"Python can't say where {', '.join(wanted)} is found: {error} See whether "
            f"`{sys.executable} -c pass` works with this PYTHONPATH."
        ) from None
    located = {target: Located(**fields) for target, fields in applications.items()}
    return {
        target: replace(application, path=_from(root, application.path))
        for target, application in located.items()
    }


def not_importable(targets: Iterable[str], root: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each `module:callable` that no server could import."""
    for target, located in locate(targets, root, environment).items():
        if located.missing:
            yield _missing(target, located.missing, environment)
        elif located.problem:
            yield f"{target} can't be served: {located.path}: {located.problem}. Correct that, or the name."


def meant(target: str) -> str:
    """What to write for an application that was named by its file; empty if it wasn't.

    E.g. "PYTHONPATH=shop wsgi-bench run --app wsgi:application" for "shop/wsgi.py:application".
    """
    file, colon, name = target.rpartition(":")
    if not colon:
        file, name = target, "application"
    if not file.endswith(".py") or not re.fullmatch(_CALLABLE, name):
        return ""
    path = Path(file)
    return _with_path([str(path.parent)], f"{path.stem}:{name}")


def _missing(target: str, missing: str, environment: Mapping[str, str]) -> str:
    what = f"{target}: there is no module {missing}"
    if by_file := meant(target):
        return f"{what} (a module is named without .py). Write: {by_file}"
    folders = search_path(environment)
    place = Path(*missing.split("."))
    if place.with_suffix(".py").is_file() or place.is_dir():
        written = _with_path([".", *folders], target)
        return f"{what} in the checkout or PYTHONPATH, but one in this folder. Write: {written}"
    where = f"PYTHONPATH ({os.pathsep.join(folders)})" if folders else "PYTHONPATH, which isn't set"
    top = missing.partition(".")[0]
    return (
        f"{what} in the checkout, in its .venv/, or in {where}. Correct the name, or set PYTHONPATH to the "
        f"folder that holds {top}.py or {top}/."
    )


def _with_path(folders: Iterable[str], target: str) -> str:
    return f"PYTHONPATH={shlex.quote(os.pathsep.join(folders))} wsgi-bench run --app {target}"


def _from(root: Path, path: str) -> str:
    return os.path.relpath(path, root) if path and Path(path).is_relative_to(root) else path
