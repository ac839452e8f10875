"""What each server may use: `--cpus` and `--memory`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.model import CpuSplit
from bench.model.errors import UsageError
from bench.model.surroundings import Limits

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[kmg]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# With less, no Python starts.
_LEAST = 16 << 20


def asked_limits(asked: Mapping[str, Any], cpus: CpuSplit, runtime: str) -> Limits:
    """
    Args:
        asked: the settings, by name.
        cpus: that servers run on.

    Raises:
        UsageError: a limit is none, or can't hold.
    """
    if runtime == "external" and (asked["cpus"] or asked["memory"] or asked["workers"]):
        raise UsageError(
            "--cpus, --memory and --workers are for servers that are deployed: --target runs already."
        )
    quota = asked["cpus"]
    if quota is not None and quota > len(cpus.server):
        raise UsageError(
            f"--cpus {quota:g}: each server runs on {len(cpus.server)} here. Give at most that, or more to "
            f"run on with --server-cpus."
        )
    return Limits(quota, _bytes(asked["memory"]) if asked["memory"] else None)


def _bytes(text: str) -> int:
    size = _SIZE.fullmatch(text.strip())
    found = int(float(size["number"]) * _UNITS[size["unit"].lower()]) if size else 0
    if found < _LEAST:
        raise UsageError(f"--memory {text}: write a size of 16m or more, as 512m or 2g.")
    return found
