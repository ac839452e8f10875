"""Load from several hosts, measured with several hosts on this machine: `scripts/several-hosts`.

A server's host has four masters: of a generator, of three, of one with 5 ms more of network, and of one whose
monotonic clock is 10 s ahead. They take turns, trial by trial, so that what the machine does meets all.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from statistics import fmean, median

from bench.analysis.estimate import Ratio, effect
from bench.analysis.histogram import Histogram
from bench.analysis.hodges_lehmann import paired_shift
from bench.analysis.percentiles import percentile
from bench.model import Closed, Open, Target, Trial, TrialOrder, UsageSource
from bench.model.errors import BenchError
from proof.fleet import PORT, Master, generator, introduce, master, served, trial
from proof.hosts import Host, Wanted, hosts
from proof.planted.behaviour import Plan

_PLANTED_S = 0.005
_AHEAD_S = 10
_SHARES = (0.5, 0.95, 0.99)
_CLOSED = Closed(16)
_OPEN = Open(256, rate=600.0)
_TURNS, _OPEN_S = 16, 1.5
_SHORT_TURNS, _SHORT_S = 12, 0.5
_CUT_TRIALS, _CUT_S = 40, 0.1
_SLOW = "slow"


@dataclass(frozen=True)
class Fleets:
    """The masters, by what their generators are, and the host of one of three."""

    cut: Host
    one: Master
    three: Master
    far: Master
    ahead: Master


def main() -> None:
    """Print the figures."""
    try:
        with fleets() as made:
            for part in (percentiles(made), ceiling(made), delay(made), cut_off(made)):
                print("\n".join(part), flush=True)
                print()
    except BenchError as error:
        sys.exit(f"several-hosts: {error}")


@contextmanager
def fleets() -> Iterator[Fleets]:
    """All of them, with servers that they know.

    Raises:
        NoHosts: there can't be several hosts here.
    """
    names = ("one", "two", "three")
    wanted = [Wanted("server"), *map(Wanted, names)]
    wanted += [Wanted("far", round_trip_s=_PLANTED_S), Wanted("ahead", ahead_s=_AHEAD_S)]
    with ExitStack() as stack:
        server, *others = stack.enter_context(hosts(*wanted))
        processes = min(len(names), max(1, len(os.sched_getaffinity(0)) // 2))
        targets = [stack.enter_context(served(server, processes)), stack.enter_context(_slow(server))]
        masters = []
        first, _, _, far, ahead = others
        for number, generators in enumerate(([first], others[:3], [far], [ahead])):
            port = PORT + number
            masters.append(stack.enter_context(master(server, len(generators), port=port)))
            for host in generators:
                stack.enter_context(generator(host, server, port=port))
        for each in masters:
            assert each.event()["event"] == "ready"
            introduce(each, *targets)
        yield Fleets(others[1], *masters)


@contextmanager
def _slow(host: Host) -> Iterator[Target]:
    """A server whose answers take log-normal times."""
    plan = Plan("delayed", host=host.address)
    child = host.popen(
        [sys.executable, "-m", "proof.planted.server", json.dumps(asdict(plan))], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    with child.stdout as out:
        port = int(out.readline())
        try:
            yield Target(_SLOW, f"http://{host.address}:{port}", UsageSource("processes", pid=child.pid))
        finally:
            child.kill()
            child.wait()


def percentiles(made: Fleets) -> Iterator[str]:
    """Of one generator, of three, and of one whose clock is ahead."""
    order = trial(_OPEN, _OPEN_S, _SLOW, _SLOW)
    masters = {"1 generator": made.one, "3 generators": made.three, f"1, {_AHEAD_S} s ahead": made.ahead}
    found = {name: _rounds(trials) for name, trials in _in_turns(masters, order, _TURNS).items()}
    plan = Plan("delayed")
    yield f"| {_OPEN.rate:.0f} a second, ms | p50 | p95 | p99 |"
    yield "| --- | --- | --- | --- |"
    yield _row("planted", (f"{plan.quantile_s(share) * 1e3:.2f}" for share in _SHARES))
    for name, rounds in found.items():
        yield _row(name, (_words(percentile([*rounds.values()], share), 1e3) for share in _SHARES))
    usual = found["1 generator"]
    for name, rounds in list(found.items())[1:]:
        ratios = [paired_shift(_log_ratios(rounds, usual, share)) for share in _SHARES]
        yield _row(f"{name}, of 1 generator's", (_words(ratio, 1.0) for ratio in ratios))


def ceiling(made: Fleets) -> Iterator[str]:
    """What one generator and three can do, and whether the machine has more to give.

    A generator's CPU time is with what it waited for a CPU, so all together may be more than there are.
    """
    found = _in_turns(
        {"1 generator": made.one, "3 generators": made.three}, trial(_CLOSED, _SHORT_S), _SHORT_TURNS
    )
    cpus = len(os.sched_getaffinity(0))
    yield f"| ceiling of {cpus} CPUs | answers a second | CPU of each generator | of the server | together |"
    yield "| --- | --- | --- | --- | --- |"
    for name, trials in found.items():
        each = {
            host: fmean(trial.generators[host]["cpu"] for trial in trials) for host in trials[0].generators
        }
        server = fmean((trial.cpu_s or 0.0) / trial.duration_s for trial in trials)
        rate = effect([math.log(trial.answers / trial.duration_s) for trial in trials])
        cells = [", ".join(f"{cpu:.2f}" for cpu in each.values()), f"{server:.2f}"]
        yield _row(name, (_words(rate, 1.0, 0), *cells, f"{sum(each.values()) + server:.2f}"))


def delay(made: Fleets) -> Iterator[str]:
    """What planted network time adds, and what a clock that is ahead does."""
    masters = {"near": made.one, "far": made.far, "ahead": made.ahead}
    found = _in_turns(masters, trial(Closed(1), _SHORT_S), _SHORT_TURNS)
    medians = {
        name: [1e3 * histogram.quantile_s(0.5) for histogram in _rounds(trials).values()]
        for name, trials in found.items()
    }
    yield "| one user, ms | a connection | median answer | more than without |"
    yield "| --- | --- | --- | --- |"
    for name, words in (
        ("near", "as it is"),
        ("far", f"{_PLANTED_S * 1e3:.0f} ms planted"),
        ("ahead", f"{_AHEAD_S} s ahead"),
    ):
        more = effect([of_it - near for of_it, near in zip(medians[name], medians["near"], strict=True)])
        assert more is not None
        low, high = more.interval()
        difference = "" if name == "near" else f"{more.mean:.3f} ({low:.3f} to {high:.3f})"
        [network_s] = {
            event["network_s"]
            for event in masters[name].said
            if event["state"] == "reaches" and event["target"] == "null"
        }
        yield _row(words, (f"{1e3 * network_s:.3f}", f"{median(medians[name]):.3f}", difference))


def cut_off(made: Fleets) -> Iterator[str]:
    """What a generator that is cut off in mid-trial costs."""
    trials = made.three.trials([trial(_CLOSED, _CUT_S)] * _CUT_TRIALS)
    heard = len(made.three.said)
    number: Counter[int] = Counter()
    said: Counter[str] = Counter()
    for done in trials:
        number[len(done.generators)] += 1
        if sum(number.values()) == 5:
            made.cut.cut()
        states = [event["state"] for event in made.three.said[heard:]]
        if states.count("lost") > said["lost"]:
            made.cut.join()
        said = Counter(states)
    yield "| cut off and joined again | |"
    yield "| --- | --- |"
    yield _row("trials asked for, and measured", (f"{_CUT_TRIALS}, {number.total()}",))
    yield _row("done by 3 generators, by 2", (f"{number[3]}, {number[2]}",))
    yield _row("lost, and back", (f"{said['lost']}, {said['back']}",))
    spoiled = [event for event in made.three.said[heard:] if event["state"] in ("lost", "late")]
    yield _row("attempts that were done again", (f"{len(spoiled)}: {', '.join(e['why'] for e in spoiled)}",))


def _in_turns(masters: Mapping[str, Master], order: TrialOrder, times: int) -> dict[str, list[Trial]]:
    """So many trials by each, all of a turn with the same requests, and each turn begun by another one."""
    found: dict[str, list[Trial]] = {name: [] for name in masters}
    names = list(masters)
    for number in range(times):
        for name in (*names[number % len(names) :], *names[: number % len(names)]):
            found[name] += masters[name].trials([replace(order, seed=str(number))])
    return found


def _rounds(trials: Sequence[Trial]) -> dict[int, Histogram]:
    """Response times trial by trial."""
    merged = {n: Histogram.merge([done.histograms["latency/hello"]]) for n, done in enumerate(trials)}
    return {number: histogram for number, histogram in merged.items() if histogram is not None}


def _log_ratios(a: Mapping[int, Histogram], b: Mapping[int, Histogram], share: float) -> list[float]:
    """Of a percentile, turn by turn: what is typical of them is moved by no standstill of the machine."""
    return [
        math.log(a[number].quantile_s(share) / b[number].quantile_s(share))
        for number in sorted(a.keys() & b.keys())
    ]


def _words(found: Ratio | None, unit: float, digits: int = 2) -> str:
    """A value and its 95 % interval, from their logarithms."""
    if found is None:
        return "too few"
    low, high = found.interval()
    value, least, most = (f"{unit * math.exp(each):,.{digits}f}" for each in (found.mean, low, high))
    return f"{value} ({least} to {most})"


def _row(name: str, cells: Iterator[str] | Sequence[str]) -> str:
    return "| " + " | ".join((name, *cells)) + " |"


if __name__ == "__main__":
    main()
