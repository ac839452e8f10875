"""`--from-access-log` and `--har`: real traffic as what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.catalogue.traffic import read_access_log, read_har
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario


def read_traffic(asked: Mapping[str, Any]) -> AskedScenario | None:
    """What the log or the recording asks; None if neither was given.

    Args:
        asked: settings by name; `host` says which of several hosts is meant.

    Raises:
        UsageError: both were given, or the one can't be read, or has nothing to ask.
    """
    log, recording, host = asked["from_access_log"], asked["har"], (asked.get("host") or "").lower()
    if log and recording:
        raise UsageError(
            "--from-access-log and --har exclude each other: each says all that is asked. Leave one out."
        )
    if log:
        return read_access_log(Path(log), host)
    return read_har(Path(recording), host) if recording else None
