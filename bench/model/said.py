"""What a report says, derived from a `Suite`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.model.finding import Finding

NO_DIFFERENCE = "no detectable difference"


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % confidence interval; the bounds are None where none can be given."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Counts:
    """What became of a case's requests, over all its trials; see `Trial`.

    Attributes:
        sent_again: requests that had to be sent once more, on a new connection, because the server had
            closed the kept one without saying so: no errors.
    """

    offered: int
    ok: int
    failed: int
    errors: Mapping[str, int]
    dropped: int
    dropped_late: int
    unfinished: int
    sent_again: int
    connections: int


@dataclass(frozen=True)
class Summary:
    """A case in figures. None: not measured, or too few samples (never zero).

    Attributes:
        figures: by the key of each figure.
        error_rate: the share of the requests offered that were not answered rightly.
        requests: answers, right and wrong.
        restarts: how many lasting processes of its deployment ended; None where they couldn't be seen.
        late_warm_up: rounds and blocks of the trials that are in neither throughput nor CPU a request: the
            server did something then that it does once after each start.
    """

    figures: Mapping[str, Estimate | None]
    error_rate: float | None
    requests: int
    connections_per_request: float | None
    counts: Counts
    restarts: int | None = None
    late_warm_up: tuple[tuple[int, int], ...] = ()

    def value(self, key: str) -> float | None:
        """A figure without its interval."""
        figure = self.figures[key]
        return None if figure is None else figure.value


@dataclass(frozen=True)
class Verdict:
    """Whether a case's figures may be used, and if not, why."""

    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against them."""
        return not self.findings

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its figures may not be used, as results and reports have it."""
        return tuple(map(str, self.findings))

    def for_programs(self) -> dict[str, Any]:
        """The verdict as `result.json` and the JSON report have it."""
        return {"valid": self.valid, "reasons": list(self.reasons)}

    @property
    def codes(self) -> tuple[str, ...]:
        """Why its figures may not be used, a word each."""
        return tuple(finding.code for finding in self.findings)


@dataclass(frozen=True)
class Subject:
    """What a compared figure belongs to.

    Attributes:
        id: of the case, or the name of the deployment.
        scenarios: a deployment may serve several.
        load: in words; for a deployment "all its load".
    """

    id: str
    server: str
    app: str
    scenarios: tuple[str, ...]
    load: str


@dataclass(frozen=True)
class Comparison:
    """One figure of two: of two servers, of a server and its twin, of two versions, or of two runs.

    Attributes:
        figure: its name.
        subject, other: what is compared with what; of versions and runs the new one with the old.
        value, other_value: of each, in SI units; of versions and runs means over the rounds, on logarithms.
        ratio, low, high: value / other_value with its own 95 % interval.
        smallest: the smallest difference that 8 of 10 such runs claim, as a fraction.
        better: whether the subject is the better of the two, decided for all that is compared together; None
            where no difference may be claimed.
    """

    figure: str
    subject: Subject
    other: Subject
    value: float
    other_value: float
    ratio: float
    low: float
    high: float
    smallest: float
    better: bool | None

    @property
    def claimed(self) -> bool:
        """Whether the two are claimed to differ."""
        return self.better is not None


@dataclass(frozen=True)
class Uncompared:
    """Figures that only the old or only the new has, or that aren't valid in both.

    Attributes:
        figures: their names.
    """

    subject: Subject
    figures: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Rank:
    """The places that cases of one group (app, scenario and load) may have, as far as this run knows.

    Attributes:
        rank: one more than are surely better.
        cases: those that may have just these places, best estimate first.
        last: how many there are but for those that are surely worse; 0 in results of before it was stored.
    """

    group: str
    rank: int
    cases: tuple[str, ...]
    last: int = 0

    @property
    def lowest(self) -> int:
        """The last of the places."""
        return self.last or self.rank + len(self.cases) - 1

    @property
    def words(self) -> str:
        """ "1", or "2 to 3" """
        return str(self.rank) if self.lowest == self.rank else f"{self.rank} to {self.lowest}"


@dataclass(frozen=True)
class Stalls:
    """In how many of a server's trials of open load it stood still, and in how many of the others'.

    Attributes:
        beyond_s: what five answers or more must have taken longer than.
        p_value: one-sided, that it does so no more often than the others.
        more_often: whether that is said.
    """

    case: str
    beyond_s: float
    stalled: int
    trials: int
    others_stalled: int
    others_trials: int
    p_value: float
    more_often: bool


@dataclass(frozen=True)
class OwnShare:
    """How much of a server's CPU time for a request is the application's own; `bench/analysis/own_share.py`.

    Attributes:
        case: of closed load.
        application_s: CPU time of the application alone, a request.
        share: of what a request costs behind the server, which may come out above 1.
        covered: the share of the requests that this is of; of the others nothing is in the figures above.
        waits: the share of the time of a call, without a server, in which it waits for something else than a
            CPU.
        busy: CPU time that the server used under closed load, of what its processes could have had.
    """

    case: str
    application_s: Estimate
    share: Estimate
    covered: float
    waits: float
    busy: float


@dataclass(frozen=True)
class Analysis:
    """Everything that a report says, derived from a `Suite`.

    Attributes:
        summaries, verdicts: by case id.
        twin: the comparison of a server with its identical twin, if one was measured.
        detectable: the smallest difference in throughput between neighbours in rank that 8 of 10 such runs
            claim, as a fraction (0.02 for 2 %); None without enough rounds.
        stalls: of each valid case of open load that isn't alone.
        own_shares: of each valid case of closed load, where the application's own cost was measured.
        changes, not_compared: from the version that `Plan.against` names to this one. All the rest but
            summaries and verdicts is about this version alone.
    """

    summaries: Mapping[str, Summary]
    verdicts: Mapping[str, Verdict]
    comparisons: tuple[Comparison, ...]
    ranking: tuple[Rank, ...]
    twin: Comparison | None
    detectable: float | None
    stalls: tuple[Stalls, ...] = ()
    own_shares: tuple[OwnShare, ...] = ()
    changes: tuple[Comparison, ...] = ()
    not_compared: tuple[Uncompared, ...] = ()
