"""How much of their time users waited for answers; what is left they thought, or their own code took it.

Of N users, throughput x mean time were waiting at a moment (Little's law); the others were not.
"""

from __future__ import annotations

from bench.analysis.measured import Measured
from bench.model import FILE_KINDS, Trial


def waiting_share(measured: Measured) -> float | None:
    """The share of their time, from 0 to 1; None where nothing was timed."""
    timed = [trial for trial in measured.trials if trial.mean_s is not None and trial.duration_s > 0]
    whole_s = sum(trial.duration_s for trial in timed) * measured.case.load.at_once
    if not whole_s:
        return None
    return min(1.0, sum(_asked(trial) * (trial.mean_s or 0.0) for trial in timed) / whole_s)


def _asked(trial: Trial) -> float:
    """Its requests, without what failed and was none."""
    none = sum(trial.errors.get(kind, 0) for kind in FILE_KINDS)
    return trial.answers + trial.failed - none + trial.unfinished
