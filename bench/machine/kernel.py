"""Single facts that a place's kernel tells, from /proc and /sys. None, or nothing: it doesn't say."""

from __future__ import annotations

import re
from collections.abc import Collection

from bench.machine.place import Place

_CPU = "/sys/devices/system/cpu"
_CLOCK = "/sys/devices/system/clocksource/clocksource0"
CLOCK_SOURCE = f"{_CLOCK}/current_clocksource"
"""The file that says which clock the kernel reads, and takes another."""
_BOOST_SWITCHES = ((f"{_CPU}/intel_pstate/no_turbo", "0"), (f"{_CPU}/cpufreq/boost", "1"))
# Where the kernel shows hardware counters: x86, hybrid x86, and Arm.
_PMU = re.compile(r"cpu|cpu_core|armv\d.*|apple_.*")


def sysctl(place: Place, name: str) -> int | None:
    """A kernel setting, named like the path below /proc/sys."""
    text = place.text(f"/proc/sys/{name}")
    return int(text) if text and text.lstrip("-").isdecimal() else None


def release(place: Place) -> tuple[int, ...]:
    """Its version and patch level, as (6, 12); empty where it isn't shown."""
    match = re.match(r"(\d+)\.(\d+)", place.text("/proc/sys/kernel/osrelease") or "")
    return (int(match[1]), int(match[2])) if match else ()


def siblings(place: Place, cpu: int) -> str | None:
    """The CPUs of the core that a CPU is a thread of, e.g. "0,4"."""
    return place.text(f"{_CPU}/cpu{cpu}/topology/thread_siblings_list")


def cores(place: Place, cpus: Collection[int]) -> int | None:
    """How many physical cores these CPUs are."""
    different = {siblings(place, cpu) for cpu in cpus}
    return None if None in different else len(different)


def cpu_model(place: Place) -> str | None:
    lines = (place.text("/proc/cpuinfo") or "").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def governors(place: Place, cpus: Collection[int]) -> tuple[str, ...]:
    named = {place.text(f"{_CPU}/cpu{cpu}/cpufreq/scaling_governor") for cpu in cpus}
    return tuple(sorted(name for name in named if name))


def boost(place: Place) -> tuple[bool | None, str]:
    """Whether clocks above the nominal one are allowed, and the file that says so."""
    for path, on in _BOOST_SWITCHES:
        text = place.text(path)
        if text is not None:
            return text == on, path
    return None, ""


def clock_source(place: Place) -> str | None:
    return place.text(CLOCK_SOURCE)


def clock_sources(place: Place) -> tuple[str, ...]:
    """All that there are to choose from."""
    return tuple((place.text(f"{_CLOCK}/available_clocksource") or "").split())


def pmu(place: Place) -> bool | None:
    """Whether hardware counters are shown."""
    try:
        return any(map(_PMU.fullmatch, place.entries("/sys/bus/event_source/devices")))
    except OSError:
        return None


def hypervisor(place: Place) -> str | None:
    """Its name, "" for none."""
    cpuinfo = place.text("/proc/cpuinfo")
    if cpuinfo is None:
        return None
    named = place.text("/sys/hypervisor/type") or place.text("/sys/class/dmi/id/sys_vendor")
    flags = re.search(r"^(?:flags|Features)\s*:.*$", cpuinfo, re.MULTILINE)
    if flags and "hypervisor" in flags[0].split():
        if "kvm-clock" in clock_sources(place):
            return "KVM"
        return named or "not named"
    # Arm has no such flag; the firmware of these says what they are.
    return named if named in ("QEMU", "xen", "VMware, Inc.") else ""


def container(place: Place) -> str:
    """What kind of container this is, "" for none."""
    if place.exists("/.dockerenv"):
        return "Docker"
    if place.exists("/run/.containerenv"):
        return "Podman"
    return place.text("/run/systemd/container") or ""


def swap_used_bytes(place: Place) -> int | None:
    meminfo = place.text("/proc/meminfo")
    if meminfo is None:
        return None
    sizes = dict(re.findall(r"^(Swap\w+):\s+(\d+)", meminfo, re.MULTILINE))
    return (int(sizes.get("SwapTotal", 0)) - int(sizes.get("SwapFree", 0))) * 1024


def available_bytes(place: Place) -> int | None:
    """The memory that can be had without swapping."""
    available = re.search(r"^MemAvailable:\s+(\d+)", place.text("/proc/meminfo") or "", re.MULTILINE)
    return int(available[1]) * 1024 if available else None


def allowed_cpus(status: str) -> tuple[int, ...]:
    """The CPUs that a process or thread may use, by its /proc/PID/status (proc(5))."""
    said = re.search(r"^Cpus_allowed_list:\s*([\d,-]+)", status, re.MULTILINE)
    return tuple(sorted(listed(said[1] if said else None)))


def listed(text: str | None) -> set[int]:
    """The CPUs of a list as the kernel writes it, "0-3,8"."""
    cpus: set[int] = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def threads_of(place: Place, user: int) -> int:
    """How many threads a user's processes have."""
    return sum(_threads(place, pid, user) for pid in place.entries("/proc") if pid.isdecimal())


def _threads(place: Place, pid: str, user: int) -> int:
    """The threads of a process, if it is the user's."""
    status = place.text(f"/proc/{pid}/status") or ""
    owner = re.search(r"^Uid:\t(\d+)", status, re.MULTILINE)
    threads = re.search(r"^Threads:\t(\d+)", status, re.MULTILINE)
    return int(threads[1]) if owner and threads and int(owner[1]) == user else 0


def ports(place: Place) -> tuple[int, int] | None:
    """The first and last port for outgoing connections."""
    words = (place.text("/proc/sys/net/ipv4/ip_local_port_range") or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 else None


def time_wait(place: Place) -> int | None:
    """How many sockets are in that state."""
    sockets = re.search(r"^TCP:.*\btw (\d+)", place.text("/proc/net/sockstat") or "", re.MULTILINE)
    return int(sockets[1]) if sockets else None
