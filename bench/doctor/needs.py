"""What a plan needs of this machine's limits, and whether it is there: looked at before anything starts.

Only what surely isn't enough is refused. What may yet run out while a run goes on (ports in TIME_WAIT, for
one) is told then, as a request that the generator couldn't send.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

from bench.doctor import read
from bench.doctor.facts import Facts
from bench.doctor.size import size
from bench.machine.place import HERE
from bench.model import Case, Plan
from bench.model.errors import UsageError
from bench.model.shortage import PORT_COMMAND, USUAL_FILES, enough_files

_MIB = 1 << 20
# Of a process besides its connections: libraries, logs, epoll sets, locust's own sockets; and for each server
# two epoll sets and what its CPU time is read from.
_OTHER_FILES = 64
_FILES_A_SERVER = 8
# The calibration, and every server that closes, take a port a request, which is free again after a second
# (tcp_tw_reuse): a server that is slower than this a second isn't worth a load generator.
_SLOWEST_A_SECOND = 1000
_PROCESS_BYTES = 64 * _MIB
_USER_BYTES = 16 * 1024
_OTHER_THREADS = 16
_THREADS_A_PROCESS = 4


@dataclass(frozen=True)
class Needs:
    """What a run takes at least.

    Attributes:
        files: descriptors of the process that has most.
        files_wished: as many as it can come to have, with the cap of requests in flight reached everywhere.
        ports: local ports for connections to one address.
        memory_bytes: of the load generator.
        threads: of everything that is started.
    """

    files: int
    files_wished: int
    ports: int
    memory_bytes: int
    threads: int


def needs(plan: Plan, cpus: int) -> Needs:
    """What a plan needs; `cpus` because libraries start a thread for each."""
    kept = _kept(plan)
    most = max((case.load.at_once for case in plan.cases), default=0)
    processes = max(1, min(plan.processes, most))

    def share(connections: int) -> int:
        return -(-connections // processes)

    # All servers of a round are up together, and the connections to each stay open between its trials.
    others = _OTHER_FILES + _FILES_A_SERVER * len(plan.deployments)
    held = others + sum(map(share, kept.values()))
    further = max((share(_further(case, kept)) for case in plan.cases), default=0)
    files = held + further
    wished = others + 2 * sum(share(max(number, most)) for number in kept.values())
    if plan.runtime == "local":
        # A server has one for each connection, too.
        files, wished = max(files, _OTHER_FILES + most), max(wished, _OTHER_FILES + 2 * most)
    servers = plan.deployments if plan.runtime == "local" else ()
    return Needs(
        files=files,
        files_wished=max(files, wished),
        ports=most + max(_SLOWEST_A_SECOND, *(round(case.load.rate or 0) for case in plan.cases), 0),
        memory_bytes=processes * _PROCESS_BYTES + most * _USER_BYTES,
        threads=_OTHER_THREADS
        + processes * (_THREADS_A_PROCESS + cpus)
        + sum(1 + (d.server.workers or 0) * (1 + (d.server.threads or 0)) for d in servers),
    )


def problems(plan: Plan, facts: Facts, threads_left: int | None) -> list[str]:
    """A sentence for each limit that a plan surely doesn't fit into."""
    need, missing = needs(plan, facts.cpus), []
    in_containers = plan.runtime == "compose"
    hard = USUAL_FILES if in_containers else facts.open_files[1]
    if 0 <= hard < need.files:
        files = enough_files(need.files)
        raised = (
            f"In docker-compose.yml set `ulimits: {{nofile: {files}}}` of the service driver"
            if in_containers
            else f"Run `ulimit -n {files}` first (where the shell refuses, raise nofile in "
            f"/etc/security/limits.conf, or use `docker run --ulimit nofile={files}`)"
        )
        missing.append(
            f"This run opens {need.files:,} files and connections in one process, and {hard:,} are allowed "
            f"(ulimit -n). {raised}, or use fewer --users or servers, or more --processes."
        )
    if facts.ports is not None and not in_containers:
        first, last = facts.ports
        number = last - first + 1
        if number < need.ports:
            missing.append(
                f"This run takes {need.ports:,} local ports within a second, and there are {number:,} "
                f"({first} to {last}). Run `{PORT_COMMAND}`, or use fewer --users or a lower --rate."
            )
    if facts.memory_left_bytes < need.memory_bytes:
        missing.append(
            f"The load generator alone needs {size(need.memory_bytes)} of memory, and "
            f"{size(facts.memory_left_bytes)} are left. End other programs (`ps aux --sort -rss | head`), "
            f"raise the container's limit (`docker run --memory`), or use fewer --users or --processes."
        )
    if threads_left is not None and not in_containers and threads_left < need.threads:
        missing.append(
            f"This run starts {need.threads:,} processes and threads, and {max(0, threads_left):,} more are "
            f"allowed (ulimit -u, or pids.max of a container). Run `ulimit -u 4096` first, or raise pids.max "
            f"(`docker run --pids-limit`), or use fewer servers or --processes."
        )
    return missing


def provide(plan: Plan, facts: Facts) -> None:
    """See that a plan fits into this machine's limits, and raise what may be raised without asking.

    The soft limit of descriptors goes up as far as the plan needs and the hard one allows, for this process
    and everything that it starts.

    Raises:
        UsageError: a limit is too low.
    """
    threads_left = None if plan.runtime == "compose" else read.threads_left(HERE)
    if missing := problems(plan, facts, threads_left):
        raise UsageError(*missing)
    soft, hard = facts.open_files
    wished = needs(plan, facts.cpus).files_wished
    if 0 <= soft < wished:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wished if hard < 0 else min(wished, hard), hard))


def _kept(plan: Plan) -> dict[str, int]:
    """The most connections that closed load leaves open to each deployment."""
    kept = {deployment.name: 0 for deployment in plan.deployments}
    keeps = {deployment.name for deployment in plan.deployments if deployment.server.keep_alive is not False}
    for case in plan.cases:
        if case.load.waits and case.load.connection == "as-is" and case.deployment in keeps:
            kept[case.deployment] = max(kept[case.deployment], case.load.at_once)
    return kept


def _further(case: Case, kept: dict[str, int]) -> int:
    """Connections that a case opens beside the ones that are open already."""
    reused = kept[case.deployment] if case.load.connection == "as-is" else 0
    return max(0, case.load.at_once - reused)
