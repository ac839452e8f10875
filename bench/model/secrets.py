"""What a result shows of a user's own requests: not what may be a password, a token or somebody's data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from bench.model.scenario import AskedRequest, AskedScenario

HIDDEN = "***"
_SHOWN = frozenset(
    (
        *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection"),
        *("content-type", "dnt", "forwarded", "host", "if-modified-since", "if-none-match", "origin"),
        *("pragma", "range", "referer", "user-agent", "upgrade-insecure-requests", "x-forwarded-for"),
        *("x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-requested-with"),
    )
)
"""Header fields whose values are shown. Any other may be a secret, whatever it is called."""


def without_secrets(asked: AskedScenario) -> AskedScenario:
    """A scenario as it is stored: names and paths, no bodies, no rows to draw from, few header values."""
    if asked.digest:
        return asked
    return replace(
        asked,
        requests=tuple(map(_shown, asked.requests)),
        login=tuple(map(_shown, asked.login)),
        values=tuple(replace(drawn, rows=()) for drawn in asked.values),
        digest=digest(asked),
    )


def digest(asked: AskedScenario) -> str:
    """A hash of all that a scenario asks; of a stored one, the hash of what it was."""
    if asked.digest:
        return asked.digest
    whole = json.dumps(asdict(asked), sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_in(scenarios: Mapping[str, AskedScenario], name: str) -> str:
    """What tells the requests of two plans apart: the hash of a user's own; empty for the catalogue's."""
    return digest(scenarios[name]) if name in scenarios else ""


def header_shown(name: str, value: str) -> str:
    """A header's value, or what stands for it."""
    return value if name.strip().lower() in _SHOWN else HIDDEN


def hidden_headers(requests: Iterable[AskedRequest]) -> Sequence[str]:
    """Names of the fields whose values aren't stored."""
    names = (name for request in requests for name, _ in request.headers if name.lower() not in _SHOWN)
    return list(dict.fromkeys(names))


def _shown(request: AskedRequest) -> AskedRequest:
    headers = tuple((name, header_shown(name, value)) for name, value in request.headers)
    return replace(request, headers=headers, body=HIDDEN if request.body else "")
