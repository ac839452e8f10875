"""An address as `HOST:PORT`, with one of IPv6 in brackets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

DEFAULT_PORT = 5557
"""Locust's own: https://docs.locust.io/en/stable/running-distributed.html"""
_HOST = re.compile(r"[\w.:%-]+")


REDIS_PORT = 6379


def host_and_port(text: str, port: int = DEFAULT_PORT) -> tuple[str, int]:
    """Host and port of `HOST[:PORT]`.

    Args:
        port: where none is said.

    Raises:
        ValueError: it is none.
    """
    bare = text.count(":") > 1 and "[" not in text
    parts = urlsplit(f"//[{text}]" if bare else f"//{text}")
    if (
        not parts.hostname
        or not _HOST.fullmatch(parts.hostname)
        or parts.path
        or parts.query
        or parts.username is not None
    ):
        raise ValueError(f"{text!r} is not HOST or HOST:PORT")
    try:
        return str(parts.hostname), parts.port or port
    except ValueError:
        raise ValueError(f"{text!r} has no port from 1 to 65535 behind its colon") from None


def written(host: str, port: int) -> str:
    """Both as one address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
