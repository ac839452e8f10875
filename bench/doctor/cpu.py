"""Checks of the CPUs: how many, how steady, and who else uses them."""

from __future__ import annotations

from bench.doctor.facts import Check, Facts
from bench.machine.kernel import CLOCK_SOURCE
from bench.model.counted import count, ranges
from bench.model.finding import Finding

# Others' CPU time that interleaved trials don't average out any more: a tenth of one CPU; and half of the
# machine, where one of the two sides of a trial is starved.
_LOAD_WARNING_CPUS = 0.1
_LOAD_PROBLEM_SHARE = 0.5
_STEAL_WARNING = 0.01
_STEAL_PROBLEM = 0.10
_ROOMY = 4
# Each reading of these is a system call, or an access to a slow device, instead of a few nanoseconds.
_SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", "xen"})
# perf_event_open(2): above 2 it is refused without privileges (Debian's and Android's extension).
_PARANOID = 2


def cpus(facts: Facts) -> Finding:
    split = facts.split
    number = len({*split.server, *split.generator, *split.store})
    why = "Server, load generator and Redis take CPU time from each other where they share a CPU."
    fix = f"Measure on {_ROOMY} cores or more; in a virtual machine or container, give it more CPUs."
    shown = (
        f"server on {ranges(split.server)}, generator {ranges(split.generator)}, Redis {ranges(split.store)}"
    )
    if number == 1:
        return Finding("cpus", "warning", "1 CPU for all: the figures are indicative only", why, fix)
    if facts.cores == 1:
        text = f"{number} sibling threads of one core, which slow each other: {shown}"
        return Finding("cpus", "warning", text, why, fix)
    if number == 2:
        return Finding("cpus", "warning", f"2 CPUs, so generator and Redis share one: {shown}", why, fix)
    apart = "not known whether threads of one core" if facts.cores is None else count(facts.cores, "core")
    return Finding("cpus", "ok", f"{number} CPUs, {apart}: {shown}", " ".join((why, *split.notes)))


def cpu_quota(facts: Facts) -> Finding:
    why = "A quota stops everything for the rest of each period of 100 ms once it is used up."
    if facts.quota_cpus is None:
        return Finding("cpu-quota", "ok", "none", why)
    fix = "Pin with a cpuset instead (docker run --cpuset-cpus 0-3, without --cpus)."
    return Finding("cpu-quota", "warning", f"CPU time is cut off at {facts.quota_cpus:g} CPUs", why, fix)


def governor(facts: Facts) -> Finding:
    why = "Other governors than 'performance' change the clock with the load, which a trial of 0.1 s is too."
    if not facts.governors:
        return Finding("governor", "unknown", "not shown here; in a virtual machine the host decides", why)
    text = ", ".join(facts.governors)
    if facts.governors == ("performance",):
        return Finding("governor", "ok", text, why)
    fix = "Run: sudo cpupower frequency-set -g performance"
    return Finding("governor", "warning", f"{text}, not performance", why, fix)


def turbo(facts: Facts) -> Finding:
    why = "With it the clock depends on temperature and on how many cores are busy."
    if facts.boost is None:
        return Finding("turbo", "unknown", "not shown here; in a virtual machine the host decides", why)
    if not facts.boost:
        return Finding("turbo", "ok", "off", why)
    off = "1" if facts.boost_switch.endswith("no_turbo") else "0"
    return Finding("turbo", "warning", "on", why, f"Run: echo {off} | sudo tee {facts.boost_switch}")


def other_load(facts: Facts) -> Finding:
    why = "What other processes take, the server or the generator lacks, and not in all trials alike."
    if facts.sample is None:
        return Finding("other-load", "unknown", "not sampled", why)
    others = facts.sample.others_cpus
    named = ", ".join(f"{p.name} (pid {p.pid}) {p.cpus * 100:.0f} %" for p in facts.sample.top)
    text = f"others use {others:.2f} of {facts.cpus} CPUs" + (f": {named}" if named else "")
    if others < _LOAD_WARNING_CPUS:
        return Finding("other-load", "ok", text, why)
    fix = "End or pause what isn't needed, then look again; no other run may go on meanwhile."
    heavy = others >= _LOAD_PROBLEM_SHARE * facts.cpus
    return Finding("other-load", "problem" if heavy else "warning", text, why, fix)


def priority(facts: Facts) -> Finding:
    why = "What runs before other programs is hardly disturbed by them; all that a run starts gets the same."
    if facts.may_come_first is None:
        return Finding(
            "priority",
            "unknown",
            "autogroups don't count here: there are none, they are off, or cgroups do",
            why,
        )
    if facts.may_come_first:
        return Finding("priority", "ok", "permitted", why)
    fix = "Where others can't be paused: run as root, or give the harness CAP_SYS_NICE."
    return Finding("priority", "ok", "not permitted", why, fix)


def steal(facts: Facts) -> Finding:
    why = "It is CPU time that the hypervisor gave to other virtual machines."
    if facts.sample is None or facts.sample.steal_share is None:
        return Finding("steal", "unknown", "not sampled" if facts.sample is None else "not shown here", why)
    share = facts.sample.steal_share
    text = f"{share * 100:.1f} % of CPU time"
    if share < _STEAL_WARNING:
        return Finding("steal", "ok", text, why)
    fix = "Measure at another hour, or on a machine with dedicated CPUs."
    return Finding("steal", "problem" if share >= _STEAL_PROBLEM else "warning", text, why, fix)


def clock_source(facts: Facts) -> Finding:
    why = "The generator reads the clock several times a request; a slow clock lowers its ceiling."
    if facts.clock_source is None:
        return Finding("clock-source", "unknown", "not shown here", why)
    if facts.clock_source not in _SLOW_CLOCKS:
        return Finding("clock-source", "ok", facts.clock_source, why)
    better = next((name for name in facts.clock_sources if name not in _SLOW_CLOCKS), None)
    fix = "Look into the kernel's log (dmesg | grep -i clocksource) for why no faster one is used."
    if better is not None:
        fix = f"Run: echo {better} | sudo tee {CLOCK_SOURCE}"
    return Finding("clock-source", "warning", f"{facts.clock_source}, which is slow to read", why, fix)


def hardware_counters(facts: Facts) -> Finding:
    why = "For information: instructions a request hardly vary, where the machine counts them."
    if facts.pmu is None:
        return Finding("hardware-counters", "unknown", "not shown here", why)
    if not facts.pmu:
        return Finding("hardware-counters", "ok", "none (usual in virtual machines)", why)
    if facts.perf_paranoid is not None and facts.perf_paranoid > _PARANOID:
        text = f"there, but kernel.perf_event_paranoid is {facts.perf_paranoid}"
        return Finding(
            "hardware-counters", "ok", text, why, f"Run: sudo sysctl kernel.perf_event_paranoid={_PARANOID}"
        )
    return Finding("hardware-counters", "ok", "can be read", why)


def virtualisation(facts: Facts) -> Finding:
    why = "For information: neighbours on the same host are invisible here, but not in the figures."
    inside = f", in a container ({facts.container})" if facts.container else ""
    if facts.hypervisor is None:
        return Finding("virtualisation", "unknown", f"not shown here{inside}", why)
    machine = f"virtual machine ({facts.hypervisor})" if facts.hypervisor else "no hypervisor seen"
    return Finding("virtualisation", "ok", f"{machine}{inside}", why)


CHECKS: tuple[Check, ...] = (
    cpus,
    cpu_quota,
    governor,
    turbo,
    other_load,
    priority,
    steal,
    clock_source,
    hardware_counters,
    virtualisation,
)
