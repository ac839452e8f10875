"""When a listen queue is held against a server: by its own connections, or its own counters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.analysis import analyse
from bench.model import Suite
from tests.make_suite import make_suite

CASE = "gunicorn/shortly/mixed/closed-16"


def backlogs(suite: Suite) -> list[str]:
    return [str(f) for f in analyse(suite).verdicts[CASE].findings if f.code == "backlog-overflow"]


def reasons(runtime: str, **changes: Any) -> list[str]:
    suite = make_suite({"gunicorn": 3000.0})
    first = replace(suite.trials[0], **changes)
    assert first.case == CASE
    rest = [replace(trial, syn_retransmits=0) for trial in suite.trials[1:]]
    suite = replace(suite, trials=(first, *rest), plan=replace(suite.plan, runtime=runtime))
    return backlogs(suite)


@pytest.mark.parametrize("runtime", ["local", "external"])
def test_overflows_of_other_programs_are_nobodys_here(runtime: str) -> None:
    assert reasons(runtime, host={"listen_drops": 45.0, "listen_overflows": 45.0}, syn_retransmits=0) == []


def test_a_container_counts_its_own() -> None:
    [reason] = reasons("compose", host={"listen_drops": 45.0}, syn_retransmits=0)
    assert "refused 45 connections" in reason


@pytest.mark.parametrize("runtime", ["local", "external", "compose"])
def test_in_older_results_the_counters_are_all_there_is(runtime: str) -> None:
    [reason] = reasons(runtime, host={"listen_drops": 2.0}, syn_retransmits=None)
    assert "refused 2 connections" in reason


def test_a_connection_that_was_asked_for_again_is_the_servers() -> None:
    assert reasons("local", syn_retransmits=1) == [
        "backlog-overflow: 1 connection had to be asked for again, which takes 1 s or more: the server's "
        "listen queue was full; raise its backlog and net.core.somaxconn, or use fewer users"
    ]


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("http://10.0.0.1:8080", True),
        ("http://shop.example", True),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("http://localhost:8080", False),
    ],
)
def test_over_a_network_packets_may_have_been_lost(url: str, network: bool) -> None:
    suite = make_suite({"gunicorn": 3000.0})
    trials = tuple(replace(trial, syn_retransmits=1) for trial in suite.trials)
    [deployment] = suite.plan.deployments
    deployment = replace(deployment, server=replace(deployment.server, environment={"URL": url}))
    plan = replace(suite.plan, runtime="external", deployments=(deployment,))
    [reason] = backlogs(replace(suite, trials=trials, plan=plan))
    assert "connections had to be asked for again" in reason
    assert ("listen queue was full, or packets were lost on the way; raise" in reason) is network
