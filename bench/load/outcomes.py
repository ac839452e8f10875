"""How a request can end, by name and by number."""

from __future__ import annotations

KINDS = (
    "ok",
    "status",
    "location",
    "type",
    "length",
    "body",
    "malformed",
    "excess",
    "truncated",
    "reset",
    "closed",
    "connect",
    "ports",
    "descriptors",
    "memory",
    "dropped",
    "unfinished",
    "oversized",
    "client",
    "judged",
    "task",
    "user",
    "header",
    "json",
    "capture",
)
CODE = {kind: code for code, kind in enumerate(KINDS)}
OK = CODE["ok"]
DROPPED = CODE["dropped"]
UNFINISHED = CODE["unfinished"]
INCOMPLETE = -1
"""Of a request that hasn't ended."""
