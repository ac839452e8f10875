"""Numbers of things in words."""

from __future__ import annotations


def count(amount: int, noun: str) -> str:
    """ "1 server", "2 servers" """
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
