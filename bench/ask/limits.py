"""What each server may use: `--cpus` and `--memory`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.model import CpuSplit
from bench.model.errors import UsageError
from bench.model.surroundings import Limits

_SIZE = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,15})?) ?(?P<unit>[kmg]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# With less, no Python starts.
_LEAST = 16 << 20


def asked_limits(asked: Mapping[str, Any], runtime: str) -> Limits:
    """
    Args:
        asked: the settings, by name.

    Raises:
        UsageError: a limit is none.
    """
    if runtime == "external" and (asked["cpus"] or asked["memory"] or asked["workers"]):
        raise UsageError(
            "--cpus, --memory and --workers are for servers that are deployed: --target runs already."
        )
    return Limits(asked["cpus"], _bytes(asked["memory"]) if asked["memory"] else None)


def require_cpus_for(limits: Limits, cpus: CpuSplit) -> None:
    """See that servers run on as many CPUs as they may use.

    Raises:
        UsageError: they don't.
    """
    if limits.cpus is not None and limits.cpus > len(cpus.server):
        raise UsageError(
            f"--cpus {limits.cpus:g}: each server runs on {len(cpus.server)} here. Give at most that, or "
            f"more to run on with --server-cpus."
        )


def _bytes(text: str) -> int:
    size = _SIZE.fullmatch(text.strip())
    found = int(float(size["number"]) * _UNITS[size["unit"].lower()]) if size else 0
    if found < _LEAST:
        raise UsageError(f"--memory {text}: write a size of 16m or more, as 512m or 2g.")
    return found
