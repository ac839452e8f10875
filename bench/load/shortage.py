"""What the generator itself ran out of: no fault of the server's."""

from __future__ import annotations

import errno

_KINDS = {
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
    errno.EADDRNOTAVAIL: "ports",
    # Of connect(2): no local port is free.
    errno.EAGAIN: "ports",
    errno.ENOBUFS: "memory",
    errno.ENOMEM: "memory",
    # Of epoll_ctl(2): too many watches, which the kernel limits by its memory.
    errno.ENOSPC: "memory",
}


def kind_of(code: int | None) -> str | None:
    """The error kind of an `errno` that is this side's own; None for any other."""
    return _KINDS.get(code) if code is not None else None
