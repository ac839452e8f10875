"""The rows of what servers get: CPUs, memory and workers."""

from __future__ import annotations

from bench.ask.settings.setting import Setting

LIMITS = (
    Setting(
        "server_cpus", "whole", "CPUs that servers get; generator and Redis share the others", highest=1_024
    ),
    Setting(
        "workers",
        "text",
        "Worker processes of servers that can have several: a number, or auto for as many as fit their CPUs",
        "One to which `--server` gives a number has that. See "
        "[decision 097](decisions/097-workers-by-cpus.md).",
        form="`auto`, or 1 to 1,024",
        metavar="N",
        otherwise="what WORKERS says, or 1",
    ),
    Setting(
        "cpus",
        "number",
        "CPU time that each server may use at most, as a number of CPUs",
        "Of a container it is a quota; of child processes the number of their CPUs; a fraction of one is a "
        "quota there, too, which takes a cgroup.",
        form="a number, as 0.5 or 2",
        lowest=0.01,
        highest=1_024,
        otherwise="all of those that it runs on",
    ),
    Setting(
        "memory",
        "text",
        "Memory that each server may use at most",
        "Of child processes it takes a cgroup.",
        form="a size, as `512m` or `2g`",
        metavar="SIZE",
        otherwise="512m in containers, no limit else",
    ),
)
