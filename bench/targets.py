"""`--target NAME=URL`: servers that run already, named by whoever runs them."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from bench.scenarios import SCENARIOS

# What runs already is measured with scenarios that neither need nor leave anything there.
FITTING = tuple(s.name for s in SCENARIOS.values() if not s.seeded and not s.writes)
# Logs are named after it, and "/" parts the names of a case.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_TWIN = "-twin"


def read_targets(values: Sequence[str], problems: list[str]) -> dict[str, str]:
    """Name to URL; notes every value that can't be measured, hosts that don't resolve among them."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, url = value.partition("=")
        address = _address(url)
        if not (name and equals and address is not None):
            problems.append(
                f"--target {value!r} is not NAME=http://HOST:PORT (https can't be measured: its cost is not "
                f"the server's)."
            )
        elif not _NAME.fullmatch(name) or name.endswith(_TWIN):
            problems.append(
                f"--target: {name!r} can't be a name: files and cases are named after it. Use letters, "
                f"digits, '.', '_' and '-', and another end than {_TWIN!r}."
            )
        elif extra := _beyond_origin(address):
            problems.append(
                f"--target {value!r} has {extra}, which would not be sent: scenarios have their own. End it "
                f"after HOST:PORT."
            )
        elif name in found:
            problems.append(f"--target names {name!r} twice. Give each its own name.")
        elif reason := _unresolved(address):
            problems.append(
                f"--target {value!r}: the host {address.hostname!r} can't be found ({reason}). Correct it, "
                f"or name its IP address."
            )
        else:
            found[name] = f"http://{address.netloc}"
    return found


def _address(url: str) -> SplitResult | None:
    try:
        address = urlsplit(url)
        usable = address.scheme == "http" and bool(address.hostname) and (address.port or 80) > 0
    except ValueError:
        return None
    return address if usable else None


def _beyond_origin(address: SplitResult) -> str:
    """What a URL has beside scheme, host and port; empty if nothing."""
    parts = {
        "a user": "@" in address.netloc,
        "a path": address.path not in ("", "/"),
        "a query": bool(address.query),
        "a fragment": bool(address.fragment),
    }
    return " and ".join(part for part, is_there in parts.items() if is_there)


def _unresolved(address: SplitResult) -> str:
    """Why a host has no address; empty if it has one."""
    try:
        socket.getaddrinfo(address.hostname, address.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
