"""Processes of a server that ended while it was measured, and whether its own settings ask for that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bench.model import DeploymentRecord, Server, Suite

# Settings by which servers replace or remove workers: gunicorn, uWSGI, granian, mod_wsgi-express, each with a
# value above zero. A settings file isn't read: what stands in it alone is not known here.
_SETTING = re.compile(
    r"(?<![a-z0-9])(max[-_]requests|maximum[-_]requests|max[-_]worker[-_]lifetime|workers[-_](?:lifetime|max[-_]rss)"
    r"|reload[-_]on[-_](?:rss|as)|restart[-_]interval|cheaper)[\s=:]+[1-9]",
    re.IGNORECASE,
)


def recycles(server: Server) -> str:
    """The setting of a server that has its workers replaced; empty without one."""
    words = [*server.command, *(f"{name}={value}" for name, value in server.environment.items())]
    setting = _SETTING.search(" ".join(words))
    return setting[1].lower().replace("_", "-") if setting else ""


def records_of(suite: Suite, deployment: str) -> list[DeploymentRecord]:
    """The records of a deployment, one for each round that counts."""
    return [
        record
        for record in suite.deployments
        if record.deployment == deployment and record.round >= suite.plan.counted_from
    ]


def restarts(records: Iterable[DeploymentRecord]) -> int | None:
    """How many processes ended; None where nobody could see."""
    known = [record.restarts for record in records if record.restarts is not None]
    return sum(known) if known else None


def throttled(suite: Suite, deployment: str) -> float:
    """For how long a quota held it back, as a share of the time that was counted of it; 0 below 1 %."""
    of_it = {case.id for case in suite.plan.cases if case.deployment == deployment}
    counted_s = sum(trial.duration_s for trial in suite.trials if trial.case in of_it)
    held_s = sum(record.throttled_s or 0.0 for record in records_of(suite, deployment))
    return held_s / counted_s if counted_s and held_s > 0.01 * counted_s else 0.0


def oom_kills(records: Iterable[DeploymentRecord]) -> int:
    """How many processes the kernel killed because memory was used up, as far as that is counted."""
    return sum(record.oom_kills or 0 for record in records)
