"""`--locustfile FILE`: whose users make the load, and what that doesn't go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.settings import flag
from bench.ask.urls import scenario_of_urls
from bench.load.locustlook import driver_arguments, look
from bench.model import LocustFile
from bench.model.errors import UsageError
from bench.model.problems import Problems

_BESIDE = {
    "client": "the file says which client asks",
    "rate": "its users decide when they ask",
    "connection": "its users keep connections as their client does",
    "until": "that is about ratios of throughput, which think times decide",
}
_WITH = ("user", "tags", "exclude_tags")
FRONT_PAGE = scenario_of_urls({"url": ("/",), "no_cookies": True})
"""What is looked at of a user's own application, since only the file knows what its users ask."""


@dataclass(frozen=True)
class Asked:
    """A locust file that was looked at, and where it is.

    Attributes:
        arguments: what starts a driver with its users.
    """

    file: LocustFile
    arguments: tuple[str, ...]


def read_locustfile(given: Mapping[str, Any], users: int, problems: Problems) -> Asked | None:
    """The file that was asked for; None without, and where it can't be run.

    Args:
        given: the user's settings, by name.
        users: how many there are of its users.
    """
    problems.note(*_wrong_beside(given))
    if "locustfile" not in given:
        return None
    path, user = Path(given["locustfile"]), given.get("user", "")
    tags, exclude_tags = given.get("tags", ()), given.get("exclude_tags", ())
    with problems.collected():
        return _looked_at(path, users, user, tags, exclude_tags)
    return None


def looked_at_again(path: str, file: LocustFile, users: int) -> Asked:
    """The same file, named again by who goes on with a run.

    Raises:
        UsageError: it isn't the same, or can't be run.
    """
    asked = _looked_at(Path(path), users, file.user, file.tags, file.exclude_tags)
    now = asked.file
    if now != file:
        what = "the file has changed" if now.sha256 != file.sha256 else "its users or its locust have changed"
        raise UsageError(
            f"--locustfile {path}: {what} since the run began with it (sha256 {file.sha256[:12]}..., locust "
            f"{file.version}; now {now.sha256[:12]}..., {now.version}). Go back to that, or start a new run."
        )
    return asked


def local_for(locust: Asked | None, asked: str) -> tuple[str, str] | None:
    """The runtime where a file's users make the load, and why; None where that decides nothing.

    Args:
        asked: the runtime that was asked for.

    Raises:
        UsageError: it can't be had.
    """
    if locust is None or asked == "local":
        return None
    reason = f"{locust.file.name} is in no image, nor is what it imports"
    if asked == "compose":
        raise UsageError(
            f"--runtime compose: {reason}. Measure with --runtime local, or start the containers yourself "
            f"and name each with --target."
        )
    return "local", f"runtime local: {reason}"


def _looked_at(path: Path, users: int, user: str, tags: Sequence[str], exclude_tags: Sequence[str]) -> Asked:
    arguments = driver_arguments(path, user=user, tags=tags, exclude_tags=exclude_tags)
    return Asked(look(path, users, user=user, tags=tags, exclude_tags=exclude_tags), tuple(arguments))


def _wrong_beside(given: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each setting that doesn't go with a locust file, or not without one."""
    if "locustfile" not in given:
        for name in _WITH:
            if name in given:
                yield f"{flag(name)} chooses from a locust file: name it with --locustfile, or leave it out."
        return
    for name, why in _BESIDE.items():
        if name in given:
            yield f"{flag(name)} with --locustfile: {why}. Leave one of the two out."
    if given.get("processes", 1) > 1:
        yield (
            f"--processes {given['processes']} with --locustfile: its users are all in one process, since "
            f"weights and fixed_count are of all of them together. Leave it out; FastHttpUser asks several "
            f"times as much as HttpUser."
        )


def said(file: LocustFile) -> Iterator[str]:
    """What is worth a word before the run begins."""
    for one in file.users:
        if one.host:
            yield f"{file.name}: {one.name} has the host {one.host}, which is not asked: each server is"
