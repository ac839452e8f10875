"""A locust file: imported as locust does it, and refused in one sentence where it can't be run."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import locust
from locust import FastHttpUser, HttpUser, User, argument_parser
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode
from locust.user.task import filter_tasks_by_tags
from locust.util.load_locustfile import load_locustfile

from bench.load.foreign import shown
from bench.model import LocustUsers

_CLIENTS: tuple[type[User], ...] = (FastHttpUser, HttpUser)
_WORDS = 300


class Refused(Exception):
    """The file can't be run as it is; says why, and what to do."""


@dataclass(frozen=True)
class Named:
    """A locust file, and what of it is to run.

    Attributes:
        path: absolute.
        user: the class that makes the load; empty for all.
        tags, exclude_tags: choose tasks, as `locust --tags` does; empty for all.
    """

    path: Path
    user: str = ""
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()


def read(named: Named) -> list[type[User]]:
    """Import the file; the classes whose users make the load.

    Raises:
        Refused: there is none, or the file doesn't run.
    """
    # Files look at it, and locust's own parser names itself by it.
    sys.argv = ["locust", "-f", str(named.path)]
    name = named.path.name
    try:
        classes, shapes = load_locustfile(str(named.path))
    except SystemExit as error:
        raise Refused(f"{name} ends the process when it is imported (sys.exit({error.code!r}))") from error
    except Exception as error:
        raise Refused(_not_imported(named.path, error)) from error
    if shapes:
        raise Refused(
            f"{name} has a LoadTestShape ({type(shapes[0]).__name__}), which changes the number of users as "
            f"time goes by, so that two servers would not be measured under the same load: take it out of "
            f"the file, or import it only where locust itself runs the file, and say how many with --users"
        )
    return _chosen(named, {**classes})


def options(named: Named, host: str, users: int) -> Any:
    """What `environment.parsed_options` is: locust's own defaults, and the file's own arguments with theirs.

    No configuration file is read, and no LOCUST_ variable: what a run does is said to wsgi-bench.

    Raises:
        Refused: an argument of the file's own has no default.
    """
    parser = argument_parser.get_parser(default_config_files=[])
    words = ["-f", str(named.path), "--headless", "--host", host, "--users", str(users)]
    try:
        return parser.parse_args(words)
    except SystemExit as error:
        raise Refused(
            f"{named.path.name} wants an argument of its own (init_command_line_parser) that has no default: "
            f"give it one, or an env_var, and set that"
        ) from error


def dealt(classes: Sequence[type[User]], users: int) -> tuple[LocustUsers, ...]:
    """How many users each class gets, by locust's own dispatcher."""
    dispatcher = UsersDispatcher([WorkerNode("local")], list(classes))
    dispatcher.new_dispatch(users, users)
    numbers: Mapping[str, int] = {}
    for step in dispatcher:
        numbers = step["local"]
    return tuple(
        LocustUsers(one.__name__, client_of(one).__name__, numbers.get(one.__name__, 0), one.host or "")
        for one in classes
    )


def client_of(one: type[User]) -> type[User]:
    """The class of locust's from which it is derived."""
    return next((client for client in _CLIENTS if issubclass(one, client)), User)


def looked_at(named: Named, users: int) -> Mapping[str, Any]:
    """The event that tells what the file has, or why it can't be run."""
    try:
        classes = read(named)
        options(named, "http://127.0.0.1", users)
        found = dealt(classes, users)
    except Refused as error:
        return {"event": "refused", "reason": str(error)}
    return {"event": "locustfile", "locust": locust.__version__, "users": [asdict(one) for one in found]}


def _chosen(named: Named, classes: dict[str, type[User]]) -> list[type[User]]:
    name = named.path.name
    if not classes:
        raise Refused(
            f"{name} has no user class: write one that is derived from HttpUser or FastHttpUser and isn't "
            f"abstract, or name the file that has it"
        )
    if named.user and named.user not in classes:
        raise Refused(f"--user {named.user}: {name} has no such user class, but {', '.join(classes)}")
    chosen = [classes[named.user]] if named.user else [one for one in classes.values() if _wanted(one)]
    if not chosen:
        raise Refused(f"{name}: the weight of every user class is 0: name one with --user")
    if named.user and not _wanted(chosen[0]):
        chosen[0].weight = 1
    tagged = named.tags or named.exclude_tags
    for one in chosen:
        if tagged:
            filter_tasks_by_tags(one, set(named.tags) or None, set(named.exclude_tags) or None)
        if not one.tasks:
            which = "with these tags" if tagged else "(@task)"
            raise Refused(
                f"{name}: the user class {one.__name__} has no task {which}: name another with --user"
            )
    return chosen


def _wanted(one: type[User]) -> bool:
    return one.weight > 0 or one.fixed_count > 0


def _not_imported(path: Path, error: Exception) -> str:
    what = shown(str(error).encode("latin-1", "replace"), _WORDS)
    if isinstance(error, SyntaxError):
        where = f"{Path(error.filename or path).name}:{error.lineno}"
        return f"{path.name} can't be read by Python: {error.msg} ({where}). Mend it"
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if _of_user(frame.filename, path)]
    where = f"{Path(lines[-1].filename).name}:{lines[-1].lineno}" if lines else path.name
    said = f"{path.name} can't be imported: {type(error).__name__}: {what} ({where})"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{said}. It runs in wsgi-bench's own environment, not in the application's: install what has "
            f"{error.name} there (`{sys.executable} -m pip install ...`, with uv `uv tool install wsgi-bench "
            f"--with ...`)"
        )
    return f"{said}. Mend it, or give it what it needs; `locust -f {path.name}` would end the same way"


def _of_user(filename: str, path: Path) -> bool:
    """Whether a line is of the user's, and not of a library's."""
    return Path(filename).is_relative_to(path.parent) and "site-packages" not in filename
