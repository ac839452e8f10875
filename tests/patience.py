"""How long a test waits for what may take a while on a slow and busy machine."""

from __future__ import annotations

HANGS_S = 300.0
"""Far longer than anything takes that is waited for: what takes as long hangs."""
