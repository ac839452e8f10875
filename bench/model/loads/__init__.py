"""The load models: a module and a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.model.loads.closed import Closed
from bench.model.loads.load import Connection, Load, Loop
from bench.model.loads.open import Open
from bench.model.loads.users import Users

__all__ = ["MODELS", "Closed", "Connection", "Load", "Loop", "Open", "Users", "restored"]

# In the order in which a plan and a report have them.
MODELS: Mapping[str, type[Load]] = {
    "closed": Closed,
    "open": Open,
    "users": Users,
}


def restored(fields: Mapping[str, Any]) -> Load:
    """The load of which these are the fields."""
    return MODELS[fields["model"]](**{name: value for name, value in fields.items() if name != "model"})
