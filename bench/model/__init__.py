"""The values that flow through the harness. Frozen, SI units, no behaviour beyond names.

`docs/glossary.md` defines each word; the field names are those of `result.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.model.finding import Finding
from bench.model.variant import ITSELF, Source, Variant

TIMEOUT_S = 10.0
"""How long one request may take, where the user sets nothing else."""
UNREAD_KINDS = ("malformed", "client")
"""The error kinds of answers that the client in use could not read."""
NO_DIFFERENCE = "no detectable difference"

_SETTLING_S = 5.0

LoadModel = Literal["closed", "open"]
Connection = Literal["as-is", "close"]
Client = Literal["loop", "fasthttp"]
Role = Literal["server", "generator", "store"]


@dataclass(frozen=True)
class Server:
    """One deployable configuration of a WSGI server: a service of `docker-compose.yml`.

    Attributes:
        command: what starts it, the same in a container and as a child process.
        environment: as the compose file says it, `${NAME:-default}` resolved.
        workers, threads: None for a server that runs already, of which only the address is known.
        keep_alive: whether it keeps connections open, by its documentation; None as above.
        concurrency: the model in words, e.g. "1 process, 4 threads".
        default: whether a run without `--servers` measures it.
        docs: address of the documentation that justifies the settings.
        package: the distribution whose version is recorded; empty for the standard library.
        stop_grace_s: seconds from `stop_signal` until it is killed.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    workers: int | None
    threads: int | None
    keep_alive: bool | None
    concurrency: str
    default: bool
    docs: str
    package: str
    stop_signal: str
    stop_grace_s: float


@dataclass(frozen=True)
class App:
    """An application under test.

    Attributes:
        callable: `module:callable`, importable from the checkout.
        scenarios: names of the scenarios that fit it, the preferred first.
        redis: whether it needs Redis.
        seed: command that fills Redis database `$REDIS_DB` before measuring; empty if none.
    """

    name: str
    callable: str
    scenarios: tuple[str, ...]
    redis: bool
    seed: tuple[str, ...]


@dataclass(frozen=True)
class Load:
    """How requests are offered.

    Attributes:
        model: "closed" (N users, next request after the response) or "open" (due at set times).
        users: connections that send at once; for open load the cap of requests in flight.
        rate: requests due a second; None for closed load, and for open load before the pilot.
        connection: "close" asks the server to close after each response.
        share: of the server's own capacity, which the pilot makes into its rate; None for a rate that is
            the same for all servers.
    """

    model: LoadModel
    users: int
    rate: float | None = None
    connection: Connection = "as-is"
    share: float | None = None


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
        """What its cases are told by, e.g. "gunicorn" or "gunicorn-twin"."""
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
        blocks: closed-load blocks a round; `open_blocks` is a tenth of it, rounded, at least one.
        warmup_s: seconds of discarded closed load that each deployment gets in each round.
        expected_s: the time the whole run will take, estimated before it starts.
        stop_within: looked at when half and three quarters of the rounds are done: the run ends there if
            half of each interval of a throughput, as a fraction of it, is at most this; None for never.
        settle_s: how long slow answers take, where there are any: open load settles for at least so long,
            closed load for one and a half of it.
        counted_from: the first round that counts. The trials of earlier ones were too short for slow answers
            that were seen in them.
        minutes: the time that the run may take, as the user gave it; None without a limit.
        adapts: whether rounds and blocks are the profile's, and so may become fewer for slow applications.
        processes: of the load generator; several share each trial.
        client: "loop", the harness's own, or "fasthttp", locust's FastHttpUser, for comparison.
        against: the old version that is measured beside this one; None without.
        fail_if: how much may change from the old version to this one, as the user wrote it.
        timeout_s: how long one request may take, of a probe or of a trial.
        given: the settings by which the run can be asked for again, by name; empty in results of before they
            were saved.
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
    counted_from: int = 1
    minutes: float | None = None
    adapts: bool = True
    timeout_s: float = TIMEOUT_S
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UsageSource:
    """Where the CPU time and memory of a deployment are read.

    Attributes:
        kind: "cgroup1", "cgroup2" or "processes"; "none" for what the harness did not start, and for
            containers without a cgroup that is seen from here.
        path: directory of the cgroup (for "cgroup1" the part below each controller's mount).
        pid: root of the process tree.
    """

    kind: Literal["cgroup1", "cgroup2", "processes", "none"]
    path: str = ""
    pid: int = 0


@dataclass(frozen=True)
class Learned:
    """What the first probes of an endpoint saw: every later answer is held to it.

    Attributes:
        request: e.g. "GET /".
        probes: how many answers it was learned from.
        media_type: without parameters; empty without any.
        location: where a redirect leads: the host, unless it is the target's own, and the path; a `*` at its
            end stands for what was another each time. None without a Location.
        shortest, longest: the body, bytes.
    """

    deployment: str
    scenario: str
    endpoint: str
    request: str
    probes: int
    status: int
    media_type: str
    location: str | None
    shortest: int
    longest: int


@dataclass(frozen=True)
class Target:
    """A deployment that runs, as the driver sees it.

    Attributes:
        url: scheme, host and port, e.g. "http://127.0.0.1:40123".
        started_ns: this process's monotonic clock, nanoseconds, when its process was started; 0 if not ours.
        learned: what is right of the endpoints that no scenario knows.
        addresses: the IP addresses to connect to, the preferred one first; empty to look up the URL's host.
    """

    deployment: str
    url: str
    usage: UsageSource
    started_ns: int = 0
    learned: tuple[Learned, ...] = ()
    addresses: tuple[str, ...] = ()


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
        epoch_ns: monotonic time of the run's start, from which `Trial.at_s` counts.
        opens_ns: monotonic time at which the window opens, where several processes share the trial;
            None to open it when all users are settled.
        timeout_s: how long one request may take.
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

    def most_s(self) -> float:
        """How long the trial may take, whatever the server does: settling before and after the window, the
        first answer after it, and draining.
        """
        return self.length_s + 2 * self.settle_s + _SETTLING_S + 3 * self.timeout_s


@dataclass(frozen=True)
class Trial:
    """One case measured once.

    offered = ok + failed + dropped + unfinished.

    Attributes:
        case: the case's id.
        order: position within the block.
        at_s: seconds from the run's start to the start of the counted window.
        duration_s: length of the counted window.
        answers: right answers, those at the edges of a closed trial's window by the share of their time
            that lies inside: `answers` / `duration_s` is the throughput.
        dropped_late: of the dropped ones, those that the generator itself came too late for.
        errors: failures by kind; sums to `failed`.
        connections: connections opened in the window.
        lost: connections that the server closed unannounced, between two requests.
        begun: requests sent within the window of closed load, due within that of open load. Each is followed
            to its end, whenever that is: `mean_s` and latency are theirs. None of results from before that
            was recorded, where they are of the requests that ended within the window.
        mean_s: exact mean time from sent to done, right answers and failures alike; None without any.
        cpu_s: CPU time of the server in the window; None where it can't be read.
        generator_cpu: CPU time that the generator used over the window or waited for, as a share of one CPU.
        histograms: "<kind>/<endpoint>" -> HdrHistogram V2, base64, microseconds; kind is
            latency (open load: from when it was due), service or lateness.
        host: differences of the machine's counters over the window
            (steal_s, listen_overflows, listen_drops), as far as they can be read. Those of full listen queues
            are the server's own in containers, else of every program on the machine.
        syn_retransmits: connections of the whole trial that TCP had to ask for again; None in results from
            before this was seen.
        statuses: whole answers by status, right and wrong ones.
        wrong: what answers that were not right were, in words, e.g. "302 to /slow-down", or why they couldn't
            be read.
        silent_close: whether the server had shown that it closes each connection after its answer without
            saying so, so that none was used again.
    """

    case: str
    round: int
    block: int
    order: int
    at_s: float
    duration_s: float
    offered: int
    ok: int
    answers: float
    failed: int
    dropped: int
    dropped_late: int
    unfinished: int
    errors: Mapping[str, int]
    connections: int
    lost: int
    mean_s: float | None
    cpu_s: float | None
    generator_cpu: float
    begun: int | None = None
    histograms: Mapping[str, str] = field(default_factory=dict)
    host: Mapping[str, float] = field(default_factory=dict)
    syn_retransmits: int | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    wrong: Mapping[str, int] = field(default_factory=dict)
    silent_close: bool = False


@dataclass(frozen=True)
class Confinement:
    """What processes may use at most; None for no limit.

    Attributes:
        pids: processes and threads.
        quota_cpus: CPU time in each period, as a number of CPUs.
    """

    cpus: tuple[int, ...]
    memory_bytes: int | None = None
    pids: int | None = None
    quota_cpus: float | None = None


@dataclass(frozen=True)
class Confined:
    """What something of a run was to be confined to, and what holds for its running processes.

    Attributes:
        deployment: of the server; empty for the load generator and for Redis.
        read: from the processes while they run; None where they can't be seen from here.
    """

    role: Role
    deployment: str
    round: int
    asked: Confinement
    read: Confinement | None


@dataclass(frozen=True)
class DeploymentRecord:
    """What one deployment cost in one round, beside its requests.

    Attributes:
        start_s: from the start of its process to the first right answer.
        memory_idle_bytes: after warm-up, before the first counted trial.
        memory_peak_bytes: the highest seen by the end of the round.
        image_bytes: size of its container image; None without containers.
        stopped_cleanly: whether it ended by itself within its grace.
        idle_cpu: share of one CPU that it used while nothing was asked of it; read in the first round.
        restarts: how many of its lasting processes ended after it was ready, replaced or not; None where they
            can't be seen, and in results of before this was looked at.
        oom_kills: processes that the kernel killed meanwhile because its cgroup's memory was used up; None
            where no counter says so.
    """

    deployment: str
    round: int
    start_s: float | None
    memory_idle_bytes: int | None
    memory_peak_bytes: int | None
    image_bytes: int | None = None
    stopped_cleanly: bool | None = None
    idle_cpu: float | None = None
    restarts: int | None = None
    oom_kills: int | None = None


@dataclass(frozen=True)
class Failure:
    """Why something could not be measured. Never a zero.

    Attributes:
        phase: "start", "probe" (wrong answers) or "trial".
        log: the server's last log lines.
    """

    deployment: str
    round: int
    phase: str
    reason: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class CpuSplit:
    """Which CPUs belong to whom. Overlaps are possible on one CPU or two."""

    server: tuple[int, ...]
    generator: tuple[int, ...]
    store: tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """Which code a run measured, so that `resume` goes on with the same; paths in the checkout are told from
    there.

    Attributes:
        interpreter: the Python that the harness runs in; without containers it serves, too.
        search: the folders of PYTHONPATH, absolute, where servers get them.
        variables: names of the environment variables that servers get from outside. Never their values.
        compose: the variables that docker-compose.yml took from outside; their values stand in the servers'
            commands and environments, too.
        paths: `module:callable` to the module's file.
        sources: hashes, by `module:callable` and by folder of the checkout.
    """

    interpreter: str
    search: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    compose: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """The machine and software that a result belongs to.

    Attributes:
        machine: a hash of the installation's own number (machine-id(5)), from which that can't be told; None
            where there is none, and in results of before it was saved.
        cgroups: the version that controls CPU and memory, "v1" or "v2"; None as above.
        images: identity of the image of each server, of Redis, the driver and their base;
            empty without containers.
        measured: None in results of before it was saved.
    """

    cpu_model: str
    cpus: int
    memory_bytes: int
    kernel: str
    os: str
    host: str
    python: str
    runtime: str
    docker: str | None
    versions: Mapping[str, str]
    images: Mapping[str, str]
    cpu_split: CpuSplit
    notes: tuple[str, ...] = ()
    measured: Measured | None = None
    machine: str | None = None
    cgroups: str | None = None


@dataclass(frozen=True)
class Calibration:
    """The generator's own ceiling against a server that answers prebuilt bytes.

    Attributes:
        keep_alive_rps: requests a second on kept connections.
        close_rps: requests a second with a connection each.
        latency_floor_s: median response time of one user.
    """

    keep_alive_rps: float
    close_rps: float
    latency_floor_s: float


@dataclass(frozen=True)
class Suite:
    """One run of the harness, as stored: raw, the only source of truth.

    Attributes:
        directory: where it was read from or is being written; it isn't stored. Empty for one in memory.
    """

    schema_version: int
    id: str
    started: str
    finished: str | None
    complete: bool
    environment: Environment
    plan: Plan
    calibration: Calibration | None
    trials: tuple[Trial, ...]
    deployments: tuple[DeploymentRecord, ...]
    failures: tuple[Failure, ...]
    gaps: tuple[Mapping[str, Any], ...] = ()
    learned: tuple[Learned, ...] = ()
    directory: str = field(default="", compare=False)
    confined: tuple[Confined, ...] = ()


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
    """

    figures: Mapping[str, Estimate | None]
    error_rate: float | None
    requests: int
    connections_per_request: float | None
    counts: Counts
    restarts: int | None = None

    def value(self, key: str) -> float | None:
        """A figure without its interval."""
        found = self.figures[key]
        return None if found is None else found.value


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
        """Why not, as results and reports have it."""
        return tuple(map(str, self.findings))

    def for_programs(self) -> dict[str, Any]:
        """As `result.json` and the JSON report have it."""
        return {"valid": self.valid, "reasons": list(self.reasons)}

    @property
    def codes(self) -> tuple[str, ...]:
        """Why not, in a word each."""
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
        ratio, low, high: value / other_value with its adjusted 95 % interval.
        smallest: the smallest difference that could have been claimed, as a fraction.
        better: whether the subject is the better of the two; None where no difference may be claimed.
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
        """Whether it is a difference."""
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
    """A place in the ranking of one group (app, scenario and load); cases that tie share it."""

    group: str
    rank: int
    cases: tuple[str, ...]


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
class Analysis:
    """Everything that a report says, derived from a `Suite`.

    Attributes:
        summaries, verdicts: by case id.
        twin: the comparison of a server with its identical twin, if one was measured.
        detectable: the smallest ratio that this run could have told from 1, as a fraction
            (0.02 for 2 %); None without enough rounds.
        stalls: of each valid case of open load that isn't alone.
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
    changes: tuple[Comparison, ...] = ()
    not_compared: tuple[Uncompared, ...] = ()
