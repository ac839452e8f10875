"""What this side, not the server, can run out of: by name, and what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping

DESCRIPTORS, PORTS, MEMORY, THREADS = "descriptors", "ports", "memory", "threads"
OWN_KINDS = (DESCRIPTORS, PORTS, MEMORY)
"""The error kinds of requests that the generator couldn't send for want of something of its own."""

PORT_COMMAND = 'sudo sysctl -w net.ipv4.ip_local_port_range="10240 65535"'
USUAL_FILES = 4096

_BY_ERRNO = {
    errno.EMFILE: DESCRIPTORS,
    errno.ENFILE: DESCRIPTORS,
    errno.EADDRNOTAVAIL: PORTS,
    errno.ENOBUFS: MEMORY,
    errno.ENOMEM: MEMORY,
}
# Of these the same number means other things elsewhere.
_OF_CONNECTIONS = {
    # connect(2): no local port is free.
    errno.EAGAIN: PORTS,
    # epoll_ctl(2): too many watches, which the kernel limits by its memory.
    errno.ENOSPC: MEMORY,
}
# An import, or a library's own start, passes on no number.
_BY_TEXT = {os.strerror(code): kind for code, kind in _BY_ERRNO.items()} | {
    "can't start new thread": THREADS,
    "pthread_create failed": THREADS,
}


class Short(Exception):
    """Another process of ours had too little of something: `kind`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(words(kind))


def kind_of(code: int | None) -> str | None:
    """The error kind of an `errno` that a connection of ours failed with; None where it isn't our own."""
    return {**_BY_ERRNO, **_OF_CONNECTIONS}.get(code) if code is not None else None


def found_in(error: BaseException) -> str | None:
    """What was short, where an exception or one that led to it comes of a shortage; else None."""
    for cause in _chain(error):
        if isinstance(cause, Short):
            return cause.kind
        if isinstance(cause, MemoryError):
            return MEMORY
        if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
            return _BY_ERRNO[cause.errno]
        if isinstance(cause, BlockingIOError) and cause.errno == errno.EAGAIN:
            # fork(2): RLIMIT_NPROC or pids.max.
            return THREADS
        for text, kind in _BY_TEXT.items():
            if text in str(cause):
                return kind
    return None


def words(kind: str) -> str:
    """What it is that was short, with the name of its limit."""
    return {
        DESCRIPTORS: "file descriptors (ulimit -n)",
        PORTS: "local ports (net.ipv4.ip_local_port_range)",
        MEMORY: "memory",
        THREADS: "processes and threads (ulimit -u, or pids.max of a container)",
    }[kind]


def remedy(kind: str, users: int = 0) -> str:
    """What raises the limit, as the beginning of a sentence.

    Args:
        users: how many connections are to be open.
    """
    remedies: Mapping[str, str] = {
        DESCRIPTORS: f"run `ulimit -n {enough_files(2 * users)}` before (in containers: nofile in "
        f"docker-compose.yml)",
        PORTS: f"run `{PORT_COMMAND}` (in containers: sysctls in docker-compose.yml)",
        MEMORY: "see `free -m`, end other programs or raise the container's limit (mem_limit)",
        THREADS: "run `ulimit -u 4096`, or raise pids.max (`docker run --pids-limit`)",
    }
    return remedies[kind]


def enough_files(number: int) -> int:
    """A round limit of file descriptors that is at least so high."""
    files = USUAL_FILES
    while files < number:
        files *= 2
    return files


def sentence(kind: str, who: str = "the load generator") -> str:
    """What to say where it ends the run."""
    return f"{who} ran out of {words(kind)}: {remedy(kind)}, or use fewer users or processes"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
