"""Whether each server keeps connections open: what its documentation claims, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.outcomes import counts_of
from bench.model import Suite, Trial
from bench.model.digits import significant

NOT_KNOWN = "not known"
# Of a kept connection that the server closes now and then, of one that it closes after each answer.
_KEPT, _CLOSED = 0.02, 0.9


@dataclass(frozen=True)
class Keeping:
    """What is claimed of a deployment's connections, and what was seen.

    Attributes:
        claimed: by its documentation; None where nothing is known of it.
        per_answer: connections opened for each answer, where it was left to the server; None without answers,
            or where many were wrong and may be why.
        silent: whether it closed them without saying so.
    """

    claimed: bool | None
    per_answer: float | None
    silent: bool

    @property
    def seen(self) -> str:
        """In words: "yes", "no", "no, unannounced", "for 2.00 answers"."""
        if self.per_answer is None:
            return NOT_KNOWN
        if self.per_answer >= _CLOSED:
            return "no, unannounced" if self.silent else "no"
        return "yes" if self.per_answer <= _KEPT else f"for {significant(1 / self.per_answer)} answers"

    @property
    def said(self) -> str:
        """What is claimed, in words."""
        return NOT_KNOWN if self.claimed is None else "yes" if self.claimed else "no"

    @property
    def contradicted(self) -> bool:
        """Whether the server does not do what is claimed of it."""
        return NOT_KNOWN not in (self.said, self.seen) and self.seen.startswith("no") == self.claimed


def by_deployment(suite: Suite) -> Mapping[str, Keeping]:
    """Of every deployment, by its name.

    Closed load alone is looked at: with open load, connections are opened for requests that come together.
    """
    looked_at = {
        case.id: case.deployment
        for case in suite.plan.cases
        if case.load.waits and case.load.connection == "as-is"
    }
    trials: dict[str, list[Trial]] = {}
    for trial in suite.trials:
        if trial.case in looked_at:
            trials.setdefault(looked_at[trial.case], []).append(trial)
    # Results of before stored a guess for what runs elsewhere.
    known = suite.plan.runtime != "external"
    return {
        deployment.name: _keeping(
            deployment.server.keep_alive if known else None, trials.get(deployment.name, ())
        )
        for deployment in suite.plan.deployments
    }


def _keeping(claimed: bool | None, trials: Sequence[Trial]) -> Keeping:
    counts = counts_of(trials)
    answers = counts.ok + counts.failed
    # Many close the connection after an error: where there are many, only who closes none is known.
    known = answers and min(counts.failed, counts.connections) <= _KEPT * answers
    return Keeping(
        claimed,
        counts.connections / answers if known else None,
        any(trial.silent_close for trial in trials),
    )
