"""How closed load begins where answers are slow: users start one after the other while the trial settles."""

from __future__ import annotations

SLOW_ANSWERS = 1.5
"""How long a trial settles, as a multiple of the time that slow answers take."""
STARTING = 1 / SLOW_ANSWERS
"""The share of settling in which the users start."""
