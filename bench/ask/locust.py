"""`--locustfile FILE`: whose users make the load, and what that doesn't go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.settings import flag
from bench.load.locustlook import driver_arguments, look
from bench.model import LocustFile
from bench.model.errors import UsageError

_BESIDE = {
    "scenarios": "the file says what is asked",
    "client": "the file says which client asks",
    "rate": "its users decide when they ask",
    "connection": "its users keep connections as their client does",
    "until": "that is about ratios of throughput, which think times decide",
}
_WITH = ("user", "tags", "exclude_tags")


@dataclass(frozen=True)
class Asked:
    """A locust file that was looked at, and where it is.

    Attributes:
        arguments: what starts a driver with its users.
    """

    file: LocustFile
    arguments: tuple[str, ...]


def read_locustfile(asked: Mapping[str, Any], users: int) -> Asked | None:
    """The file that was asked for; None without.

    Args:
        asked: each setting, by name.
        users: how many there are of its users.

    Raises:
        UsageError: it can't be run.
    """
    if not asked["locustfile"]:
        return None
    path = Path(asked["locustfile"])
    chosen = {
        "user": asked["user"] or "",
        "tags": asked["tags"],
        "exclude_tags": asked["exclude_tags"],
    }
    return Asked(look(path, users, **chosen), tuple(driver_arguments(path, **chosen)))


def looked_at_again(path: str, file: LocustFile, users: int) -> Asked:
    """The same file, named again by who goes on with a run.

    Raises:
        UsageError: it isn't the same, or can't be run.
    """
    chosen: dict[str, Any] = {"user": file.user, "tags": file.tags, "exclude_tags": file.exclude_tags}
    now = look(Path(path), users, **chosen)
    if now != file:
        what = "the file has changed" if now.sha256 != file.sha256 else "its users or its locust have changed"
        raise UsageError(
            f"--locustfile {path}: {what} since the run began with it (sha256 {file.sha256[:12]}..., locust "
            f"{file.version}; now {now.sha256[:12]}..., {now.version}). Go back to that, or start a new run."
        )
    return Asked(now, tuple(driver_arguments(Path(path), **chosen)))


def wrong_beside(given: Mapping[str, Any]) -> Iterator[str]:
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
