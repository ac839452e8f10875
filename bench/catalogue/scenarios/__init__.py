"""Scenarios: requests, their mix, and what a right response is. Written once, run by every client."""

from __future__ import annotations

from bench.catalogue.scenarios import (
    details,
    follow,
    get,
    hello,
    locustfile,
    mixed,
    redirect,
    shorten,
    static,
)
from bench.catalogue.scenarios.request import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        hello.SCENARIO,
        get.SCENARIO,
        redirect.SCENARIO,
        mixed.SCENARIO,
        follow.SCENARIO,
        details.SCENARIO,
        shorten.SCENARIO,
        static.SCENARIO,
        locustfile.SCENARIO,
    )
}
