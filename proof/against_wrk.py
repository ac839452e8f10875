"""The throughput that the harness measures, against what wrk measures a second before or after."""

from __future__ import annotations

import random

from bench.model import Closed
from proof.evidence import Archive, Evidence
from proof.figures import near_one, of_ratios, ratio_words
from proof.stage import USERS, default_servers, flask_deployments, rate, stage
from proof.tools import NO_WRK, has_wrk, wrk

TOLERANCE = 0.03
_TURN_S = 1.0


def prove(archive: Archive, *, pairs: int) -> Evidence:
    """So many pairs of seconds a server, all servers up together.

    Both ask servers that keep no connections to close each: wrk would send requests into the connections
    that a server had closed without announcing it.
    """
    if not has_wrk():
        return Evidence("", None, NO_WRK)
    directory = archive.runs("against-wrk")
    deployments = flask_deployments(default_servers())
    ratios: dict[str, list[float]] = {deployment.name: [] for deployment in deployments}
    with stage(directory) as on, on.deployed(directory, deployments) as targets:
        for pair in range(pairs):
            draw = random.Random(pair)
            for deployment in draw.sample(deployments, len(deployments)):
                target = targets[deployment.name]
                close = not deployment.server.keep_alive
                load = Closed(USERS, connection="close" if close else "as-is")
                rates = {}
                for who in draw.sample(["harness", "wrk"], 2):
                    if who == "wrk":
                        rates[who] = wrk(target.url, on.cpus.generator, close=close).rps
                    else:
                        rates[who] = rate(on.trials(target, load, _TURN_S, [f"{pair}"]))
                ratios[deployment.name].append(rates["harness"] / rates["wrk"])
    found = {name: of_ratios(values) for name, values in ratios.items()}
    holds, note = near_one(found, TOLERANCE)
    return Evidence(
        reached=", ".join(f"{name} {ratio_words(e)}" for name, e in found.items()),
        holds=holds,
        note=note,
        raw={"harness / wrk": ratios},
    )
