"""What a run has measured: everything that `result.json` holds of its trials and deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.model.generators import Generator
from bench.model.own_cost import OwnCost
from bench.model.planned import Plan
from bench.model.surroundings import Confined, Environment, OtherProgram, UsageSource

FILE_KINDS = ("task", "user")
"""The error kinds of what a locust file's own code did: no answer was wrong."""
UNREAD_KINDS = ("malformed", "client")
"""The error kinds of answers that the client in use could not read."""


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
        any_length: whether any other length is right, too, but none where these had a body: what is asked
            differs each time, or may change the page.
        cookies: names of those that the probes of its scenario set.
        answer_s: how long an answer takes while nothing else is asked; 0 where that isn't known, and in
            results of before it was saved.
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
    any_length: bool = False
    cookies: tuple[str, ...] = ()
    answer_s: float = 0.0


@dataclass(frozen=True)
class Target:
    """A deployment that runs, as the driver sees it.

    Attributes:
        url: scheme, host and port, e.g. "http://127.0.0.1:40123".
        started_ns: when its process was started, by the clock of its place; 0 if not ours.
        learned: what is right of the endpoints that no scenario knows.
        addresses: the IP addresses to connect to, the preferred one first; empty to look up the URL's host.
        cpus: its own, where nobody else of the run has them; empty elsewhere.
        socket: path of the unix socket to connect to instead of an address; empty without.
    """

    deployment: str
    url: str
    usage: UsageSource
    started_ns: int = 0
    learned: tuple[Learned, ...] = ()
    addresses: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()
    socket: str = ""


LOGIN = "login: "
"""What the words for a wrong answer begin with that a login got, before its trial."""


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
            are the server's own in containers, else of every program on the machine. others_s is CPU time
            that other programs used on the server's CPUs, pressure_s for how long a process of the server
            waited for a CPU (of a cgroup of version 2).
        syn_retransmits: connections of the whole trial that TCP had to ask for again; None in results from
            before this was seen.
        fresh: connections opened in the whole trial, and by its case in the warm-up before it; None in
            results from before this was seen.
        unserved: of these, those that were made, and whose first request came to nothing, or to a wrong
            answer with which the connection ended.
        early: requests of the whole trial that were answered before they were sent whole.
        sent: requests sent in the whole trial, before and after its window, too, and by its case in the
            warm-up and the pilot before it; None in results from before this was counted.
        statuses: whole answers by status, right and wrong ones.
        wrong: what answers that were not right were, in words, e.g. "302 to /slow-down", or why they couldn't
            be read; and what failed logins were answered before it, which begin with `LOGIN`.
        silent_close: whether the server had shown that it closes each connection after its answer without
            saying so, so that none was used again.
        generators: what each of several load generators on other hosts did of it, by name: `cpu`, its share
            of one CPU, `offered`, and of open load `lateness_p99_s`. Empty where one host makes the load.
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
    fresh: int | None = None
    unserved: int = 0
    early: int = 0
    sent: int | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    wrong: Mapping[str, int] = field(default_factory=dict)
    silent_close: bool = False
    generators: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def failed_logins(self) -> int:
        """How many users were asked to log in before it and could not, so that they went on without."""
        return sum(number for words, number in self.wrong.items() if words.startswith(LOGIN))


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
        workers: processes that served after warm-up: those that had started no other.
        threads: of the one of them that had most, those of its runtime included. None where they can't be
            seen, and in results of before.
        throttled_s: for how long a quota of CPU time held its processes back meanwhile; None where no counter
            says so, and in results of before.
        peers: the most connections that it had open while it was warmed up, by the address that they lead to:
            of its database, as a rule.
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
    workers: int | None = None
    threads: int | None = None
    throttled_s: float | None = None
    peers: Mapping[str, int] = field(default_factory=dict)


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
class Sample:
    """What the right answers of an application to a scenario are like, on average.

    Attributes:
        head_bytes: of what isn't the body: the head, and what frames chunks.
        differing: whether most differ each time, in more than the date.
    """

    head_bytes: int
    body_bytes: int
    differing: bool


@dataclass(frozen=True)
class Ceiling:
    """What the generator reaches by itself, against a server that answers prebuilt bytes.

    Attributes:
        keep_alive_rps: requests a second on kept connections.
        close_rps: requests a second with a connection each.
        latency_floor_s: median response time of one user.
        sample: what was answered: the like of what `app` answers to `scenario`; None for 13 bytes, always
            the same, as in older results.
    """

    keep_alive_rps: float
    close_rps: float
    latency_floor_s: float
    app: str = ""
    scenario: str = ""
    sample: Sample | None = None


@dataclass(frozen=True)
class Calibration(Ceiling):
    """The generator's own ceiling in a run.

    Attributes:
        others: the ceilings with the answers of the run's other apps and scenarios.
    """

    others: tuple[Ceiling, ...] = ()

    def of(self, app: str, scenario: str) -> Ceiling:
        """The ceiling with the answers of an app to a scenario; where there is none, this one."""
        every = (self, *self.others)
        return next((one for one in every if (one.app, one.scenario) == (app, scenario)), self)


@dataclass(frozen=True)
class Suite:
    """One run of the harness, as stored: raw, the only source of truth.

    Attributes:
        directory: where it was read from or is being written; it isn't stored. Empty for one in memory.
        own_cost: of somebody's own application; None where it wasn't looked at.
        generators: those of other hosts that have made the load.
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
    others: tuple[OtherProgram, ...] = ()
    own_cost: OwnCost | None = None
    generators: tuple[Generator, ...] = ()
