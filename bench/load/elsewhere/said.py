"""The exit codes by which a generator's process says why it has ended."""

from __future__ import annotations

REFUSED = 4
"""Its master doesn't take it, which a new process of it would not change."""
GONE = 75
"""Its master is gone, and may come back (EX_TEMPFAIL of sysexits.h)."""
