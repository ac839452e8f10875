"""Checks of what the kernel allows in connections. `docs/doctor.md` gives the arithmetic.

Source of the settings: https://docs.kernel.org/networking/ip-sysctl.html.
"""

from __future__ import annotations

from bench.doctor.facts import Check, Facts
from bench.model.counted import count
from bench.model.finding import Finding
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.plan.layout import PROFILES

USERS = max(users for profile in PROFILES.values() for users in profile.users)
# Connections to one server that can be on their way at once.
AT_ONCE = USERS + IN_FLIGHT_CAP
# `listen` of servers/uwsgi/uwsgi.ini.
_LONGEST_BACKLOG = 1024
_FEW_PORTS = 20_000
_FULL = 0.8


def somaxconn(facts: Facts) -> Finding:
    why = "It cuts off every server's listen queue; what doesn't fit waits 1 s or 3 s for TCP to try again."
    if facts.somaxconn is None:
        return Finding("somaxconn", "unknown", "not shown here", why)
    if facts.somaxconn >= _LONGEST_BACKLOG:
        return Finding("somaxconn", "ok", str(facts.somaxconn), why)
    text = f"{facts.somaxconn}: below {_LONGEST_BACKLOG}, uWSGI does not start as a child process"
    return Finding("somaxconn", "problem", text, why, "Run: sudo sysctl net.core.somaxconn=4096")


def syn_backlog(facts: Facts) -> Finding:
    why = f"Up to {AT_ONCE} connections are opened at once; what doesn't fit is dropped or gets a SYN cookie."
    if facts.syn_backlog is None:
        return Finding("syn-backlog", "unknown", "not shown here", why)
    if facts.syn_backlog >= AT_ONCE:
        return Finding("syn-backlog", "ok", str(facts.syn_backlog), why)
    fix = "Run: sudo sysctl net.ipv4.tcp_max_syn_backlog=2048"
    return Finding("syn-backlog", "warning", f"{facts.syn_backlog}, fewer than {AT_ONCE}", why, fix)


def port_range(facts: Facts) -> Finding:
    why = "A connection a request takes a port each; one that the client closes is kept back for a minute."
    if facts.ports is None:
        return Finding("port-range", "unknown", "not shown here", why)
    first, last = facts.ports
    number = last - first + 1
    text = f"{count(number, 'port')}, {first} to {last}"
    if number >= _FEW_PORTS:
        return Finding("port-range", "ok", text, why)
    fix = 'Run: sudo sysctl net.ipv4.ip_local_port_range="32768 60999"'
    return Finding("port-range", "problem" if number < 2 * AT_ONCE else "warning", text, why, fix)


def tw_reuse(facts: Facts) -> Finding:
    why = "With it a port in TIME_WAIT can be used again after a second instead of a minute."
    if facts.tw_reuse is None:
        return Finding("tw-reuse", "unknown", "not shown here", why)
    if facts.tw_reuse:
        where = "everywhere" if facts.tw_reuse == 1 else "on the loopback device"
        return Finding("tw-reuse", "ok", f"on, {where}", why)
    return Finding("tw-reuse", "warning", "off", why, "Run: sudo sysctl net.ipv4.tcp_tw_reuse=2")


def timestamps(facts: Facts) -> Finding:
    why = "Without them tcp_tw_reuse does nothing, and ports run out under a connection a request."
    if facts.timestamps is None:
        return Finding("timestamps", "unknown", "not shown here", why)
    if facts.timestamps:
        return Finding("timestamps", "ok", "on", why)
    return Finding("timestamps", "warning", "off", why, "Run: sudo sysctl net.ipv4.tcp_timestamps=1")


def time_wait(facts: Facts) -> Finding:
    why = "They hold ports and a place in the kernel's table for a minute, from a run that has just ended."
    if facts.time_wait is None:
        return Finding("time-wait", "unknown", "not shown here", why)
    text = f"{count(facts.time_wait, 'socket')} in TIME_WAIT"
    fix = "Wait a minute; if they don't go, look for who makes them: ss -tan state time-wait"
    if facts.time_wait_max is not None and facts.time_wait >= _FULL * facts.time_wait_max:
        return Finding("time-wait", "warning", f"{text}, of {facts.time_wait_max:,} at most", why, fix)
    reused = facts.tw_reuse and facts.timestamps
    if facts.ports is not None and not reused:
        number = facts.ports[1] - facts.ports[0] + 1
        if facts.time_wait >= number / 2:
            return Finding("time-wait", "warning", f"{text}, for {count(number, 'port')}", why, fix)
    return Finding("time-wait", "ok", text, why)


CHECKS: tuple[Check, ...] = (
    somaxconn,
    syn_backlog,
    port_range,
    tw_reuse,
    timestamps,
    time_wait,
)
