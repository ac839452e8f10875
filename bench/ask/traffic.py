"""`--from-access-log` and `--har`: real traffic as what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.ask.urls import read_headers
from bench.catalogue.traffic import read_access_log, read_har
from bench.model.scenario import AskedRequest, AskedScenario


def read_traffic(given: Mapping[str, Any]) -> AskedScenario | None:
    """What the log or the recording asks; None if neither was given.

    Args:
        given: the user's settings, by name; `host` is sent as Host, and says which of several hosts is meant,
            `header` is of each request, instead of what was recorded.

    Raises:
        UsageError: it can't be read, or has nothing to ask.
    """
    log, recording, host = given.get("from_access_log"), given.get("har"), given.get("host") or ""
    if log:
        scenario = read_access_log(Path(log), host.lower())
    elif recording:
        scenario = read_har(Path(recording), host.lower())
    else:
        return None
    headers = read_headers(given.get("header", ()), "--header")
    return replace(
        scenario,
        requests=tuple(_with(request, headers) for request in scenario.requests),
        host=host or scenario.host,
        cookies=not given.get("no_cookies"),
    )


def _with(request: AskedRequest, headers: Sequence[tuple[str, str]]) -> AskedRequest:
    names = {name.lower() for name, _ in headers}
    recorded = (field for field in request.headers if field[0].lower() not in names)
    return replace(request, headers=(*recorded, *headers))
