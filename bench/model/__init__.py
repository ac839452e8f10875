"""The values that flow through the harness. Frozen, SI units, no behaviour beyond names.

`docs/glossary.md` defines each word; the field names are those of `result.json`.
"""

from bench.model.asked import TIMEOUT_S, App, Client, LoadModel, Server
from bench.model.loads import MODELS, Closed, Connection, Load, Loop, Open
from bench.model.measured import (
    UNREAD_KINDS,
    Calibration,
    DeploymentRecord,
    Failure,
    Learned,
    Suite,
    Target,
    Trial,
)
from bench.model.planned import Case, Deployment, Plan, TrialLength, TrialOrder
from bench.model.said import (
    NO_DIFFERENCE,
    Analysis,
    Comparison,
    Counts,
    Estimate,
    Rank,
    Stalls,
    Subject,
    Summary,
    Uncompared,
    Verdict,
)
from bench.model.surroundings import (
    Confined,
    Confinement,
    CpuSplit,
    Environment,
    MeasuredCode,
    OtherProgram,
    Role,
    UsageSource,
)

__all__ = [
    "MODELS",
    "NO_DIFFERENCE",
    "TIMEOUT_S",
    "UNREAD_KINDS",
    "Analysis",
    "App",
    "Calibration",
    "Case",
    "Client",
    "Closed",
    "Comparison",
    "Confined",
    "Confinement",
    "Connection",
    "Counts",
    "CpuSplit",
    "Deployment",
    "DeploymentRecord",
    "Environment",
    "Estimate",
    "Failure",
    "Learned",
    "Load",
    "LoadModel",
    "Loop",
    "MeasuredCode",
    "Open",
    "OtherProgram",
    "Plan",
    "Rank",
    "Role",
    "Server",
    "Stalls",
    "Subject",
    "Suite",
    "Summary",
    "Target",
    "Trial",
    "TrialLength",
    "TrialOrder",
    "Uncompared",
    "UsageSource",
    "Verdict",
]
