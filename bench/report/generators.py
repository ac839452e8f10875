"""What is said of load generators on other hosts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from bench.model import Generator, Suite
from bench.model.generators import SPOILED
from bench.report.page import Column, Row, Table
from bench.report.units import count, listed, milliseconds, number


def tables(suite: Suite) -> tuple[Table, ...]:
    """A row for each generator; none where this host made the load."""
    if not suite.generators:
        return ()
    columns = (
        Column("Load generator", numeric=False),
        Column("CPUs there"),
        Column("Its CPU", "%"),
        Column("Late p99", "ms"),
        Column("Network", "ms"),
        Column("Lost"),
        Column("Trials done again"),
    )
    rows = tuple(Row(_cells(suite, generator)) for generator in suite.generators)
    notes = (
        "Its CPU: CPU time of its process in a trial, as a share of one CPU; the median. Network: how long a "
        "connection from it to a server takes to be made; the median.",
    )
    return (Table("Load generators on other hosts", columns, rows, notes),)


def lines(suite: Suite) -> Iterator[str]:
    """How much of each response time is the way there and back."""
    times = [median(g.network_s.values()) for g in suite.generators if g.network_s]
    if not times:
        return
    least, most = milliseconds(min(times)), milliseconds(max(times))
    span = least if least == most else f"{least} to {most}"
    floor = suite.calibration.latency_floor_s if suite.calibration else None
    beside = (
        f" A server that answers at once takes {milliseconds(floor)} ms from one of them." if floor else ""
    )
    yield (
        f"{count(len(suite.generators), 'load generator')} on other hosts made the load: a connection from "
        f"them takes {span} ms to be made, which is the network's part of each response time, and not the "
        f"server's (twice that where a request has a connection of its own).{beside}"
    )


def lost(suite: Suite) -> Iterator[str]:
    """Who was lost, and what that cost."""
    gone = [generator for generator in suite.generators if generator.lost]
    spoiled = [gap for gap in suite.gaps if gap.get("reason") == SPOILED and gap.get("case")]
    # Of two that are lost in one trial, each has a gap.
    again = len({(gap["case"], gap.get("at")) for gap in spoiled})
    if again and not gone:
        yield (
            f"{count(again, 'trial')} in which a load generator was late {'was' if again == 1 else 'were'} "
            f"done again, and nothing of the first attempt counts."
        )
    if gone:
        names = listed([f"{g.name} ({count(g.lost, 'time')})" for g in gone])
        yield (
            f"Lost were {names}; {count(again, 'trial')} in which a load generator was lost or late "
            f"{'was' if again == 1 else 'were'} done again, and nothing of the first attempt counts."
        )


def mixed(suite: Suite) -> Iterator[str]:
    """In how many blocks servers weren't asked by the same generators."""
    asked: dict[tuple[int, int, int], set[frozenset[str]]] = defaultdict(set)
    users = {case.id: case.load.at_once for case in suite.plan.cases}
    for trial in suite.trials:
        if trial.generators:
            asked[trial.round, trial.block, users[trial.case]].add(frozenset(trial.generators))
    blocks = {key[:2] for key, sets in asked.items() if len(sets) > 1}
    if blocks:
        yield (
            f"In {count(len(blocks), 'block')} a load generator came or went: servers were not all asked by "
            f"the same ones there, and ratios compare that, too."
        )


def idle(suite: Suite) -> Iterator[str]:
    """Closed load of fewer users than there are generators."""
    most = suite.plan.generators.number if suite.plan.generators else 0
    few = sorted({c.load.at_once for c in suite.plan.cases if c.load.waits and c.load.at_once < most})
    if few:
        users = listed([count(number, "user") for number in few])
        yield f"Closed load of {users} is made by as many load generators; the others are idle meanwhile."


def _cells(suite: Suite, generator: Generator) -> tuple[str, ...]:
    shares = [t.generators[generator.name] for t in suite.trials if generator.name in t.generators]
    late = [share["lateness_p99_s"] for share in shares if "lateness_p99_s" in share]
    return (
        generator.name,
        str(generator.cpus),
        number(median(share["cpu"] for share in shares) * 100) if shares else "",
        milliseconds(median(late)) if late else "",
        milliseconds(median(generator.network_s.values())) if generator.network_s else "",
        str(generator.lost),
        str(generator.spoiled),
    )
