"""What a run will do: its deployments and cases, and each trial that the driver is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.model.asked import TIMEOUT_S, App, Client, LocustFile, Server
from bench.model.generators import Generators
from bench.model.loads import Load
from bench.model.scenario import AskedScenario
from bench.model.surroundings import NO_LIMITS, Limits
from bench.model.variant import ITSELF, Source, Variant

_SETTLING_S = 5.0


@dataclass(frozen=True)
class Deployment:
    """One app behind one server, started once a round.

    Attributes:
        name: unique in the run, e.g. "gunicorn.shortly", "gunicorn-twin.shortly" or "gunicorn-old.shortly".
        server: of an old version as that has it, under its plain name.
        database: its own Redis database number (0 holds the seeded template).
    """

    name: str
    server: Server
    app: App
    database: int
    variant: Variant = ITSELF

    @property
    def label(self) -> str:
        """The name by which its cases are told apart, e.g. "gunicorn" or "gunicorn-twin"."""
        return self.server.name + self.variant.kind.suffix

    @property
    def redis_database(self) -> int | None:
        """The Redis database that its app uses, if it uses one."""
        return self.database if self.app.redis else None


@dataclass(frozen=True)
class Case:
    """server x app x scenario x load.

    Attributes:
        server: the `label` of its deployment.
        deployment: the name of the `Deployment` that serves it.
    """

    id: str
    server: str
    app: str
    scenario: str
    deployment: str
    load: Load


@dataclass(frozen=True)
class TrialLength:
    """Seconds that one trial counts, without settling and draining."""

    closed: float
    open: float


@dataclass(frozen=True)
class Plan:
    """What a run will do, and in which order: everything that `resume` needs.

    Attributes:
        claims: False for the smoke profile, whose report says 'not a measurement'.
        blocks, open_blocks: of closed and of open load, each round.
        warmup_s: seconds of discarded closed load that each deployment gets in each round.
        expected_s: the time the whole run will take, estimated before it starts.
        stop_within: None but in results from before `until`, whose run could end at set points where absolute
            throughput was known to plus or minus this fraction.
        settle_s: how long slow answers take, where there are any, or for how long a target that has rested is
            faster (burst credit): open load settles for at least so long, closed load for one and a half of
            it or more.
        page_s: how long the slowest page takes while nothing else is asked; 0 where that isn't known.
        parallel: how many such pages the server that does fewest answers at a time.
        beyond: cases of open load to which the rate that most servers can answer is not offered, since it
            is too much for them, with what they did a second in the pilot.
        counted_from: the first round that counts. The trials of earlier ones were too short for slow answers
            that were seen in them.
        minutes: the time that the run may take, as the user gave it; None without a limit.
        until: the run goes on until its ratios are known to plus or minus this fraction
            (`bench/analysis/known.py`); `rounds` is then how many that seems to take. None for those that
            were planned.
        most_rounds: that count, of a run with `until`; None for as many as `minutes` allow.
        adapts: whether rounds and blocks are the profile's, and so may become fewer for slow applications.
        processes: of the load generator; several share each trial.
        client: "loop", the harness's own; "fasthttp", locust's FastHttpUser, for comparison; "locustfile",
            the users of a locust file.
        against: the old version that is measured beside this one; None without.
        fail_if: how much may change from the old version to this one, as the user wrote it.
        timeout_s: how long one request may take, of a probe or of a trial.
        baseline: the server that the report has the others as multiples of; None for the first in rank.
        priority: whether what the run starts is to come before other programs, where that is permitted.
        server_cpus: how many CPUs each server gets, as the user gave it; None for the usual share.
        limits: what each server may use, as the user gave it.
        given: the settings by which the run can be asked for again, by name; empty in results of before they
            were saved.
        locust: the locust file whose users make the load; None without.
        scenarios: the user's own, by name; in a result without what nobody is to see.
        generators: those of other hosts that make the load; None where this host does.
        redis: host and port of the Redis that is used; None for one that the run starts.
    """

    profile: str
    runtime: str
    seed: int
    rounds: int
    blocks: int
    open_blocks: int
    trial_s: TrialLength
    warmup_s: float
    users: int
    rate: float | None
    claims: bool
    deployments: tuple[Deployment, ...]
    cases: tuple[Case, ...]
    expected_s: float
    stop_within: float | None = None
    processes: int = 1
    client: Client = "loop"
    against: Source | None = None
    fail_if: tuple[str, ...] = ()
    settle_s: float = 0.0
    page_s: float = 0.0
    parallel: float = 1.0
    beyond: Mapping[str, float] = field(default_factory=dict)
    counted_from: int = 1
    minutes: float | None = None
    until: float | None = None
    most_rounds: int | None = None
    adapts: bool = True
    timeout_s: float = TIMEOUT_S
    baseline: str | None = None
    priority: bool = False
    server_cpus: int | None = None
    limits: Limits = NO_LIMITS
    given: Mapping[str, Any] = field(default_factory=dict)
    locust: LocustFile | None = None
    scenarios: Mapping[str, AskedScenario] = field(default_factory=dict)
    generators: Generators | None = None
    redis: str | None = None

    @property
    def counted_rounds(self) -> int:
        """How many rounds count."""
        return self.rounds - self.counted_from + 1


@dataclass(frozen=True)
class TrialOrder:
    """One trial to run.

    Attributes:
        length_s: length of the counted window.
        settle_s: load before the window opens, which doesn't count; of closed load at least so much.
        target: name of the deployment, known from an earlier `targets` order.
        seed: what the request stream and due times are drawn from; equal seeds give every server
            the same requests.
        database: the deployment's Redis database, made equal to database 0 before the trial; None without.
        epoch_ns: when the run started, from which `Trial.at_s` counts. Of the harness's monotonic clock; the
            driver is told it in its own.
        opens_ns: when the window opens, of the driver's clock, where its processes share the trial; None to
            open it when all users are settled.
        timeout_s: how long one request may take.
        first_user, user_step: the number of its first user, and how far the next one's is from it: several
            processes share the users.
    """

    case: str
    target: str
    scenario: str
    load: Load
    length_s: float
    settle_s: float
    round: int
    block: int
    order: int
    seed: str
    database: int | None
    epoch_ns: int
    opens_ns: int | None = None
    timeout_s: float = TIMEOUT_S
    first_user: int = 0
    user_step: int = 1

    def most_s(self) -> float:
        """How long the trial may take, whatever the server does: settling before and after the window, the
        first answer after it, and draining.
        """
        return self.length_s + 2 * self.settle_s + _SETTLING_S + 3 * self.timeout_s
