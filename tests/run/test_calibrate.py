"""The generator's ceiling is measured with answers like those that an application gave."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socketpair
from typing import cast
from urllib.parse import urlsplit

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.deploy import Runtime
from bench.load.client import LoadDriver
from bench.load.exchange import Exchange
from bench.load.wire import Reply
from bench.model import CpuSplit, Sample, Target
from bench.model.generators import Generators
from bench.run.calibrate import NULL_DEPLOYMENT, calibrate, calibrate_run, null_runtime
from servers.null.serve import answer_to
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
CPUS = CpuSplit(*[tuple(sorted(os.sched_getaffinity(0)))[:1]] * 3)
PAGE = Request("get", "GET", "/", Expect(200))


def answered(host: str, close: bool, times: int) -> list[tuple[bytes, Reply]]:
    """What the null server answers to the same request, again and again."""
    exchange = Exchange(PAGE, 0, host, close)
    send = answer_to(exchange.payload)
    found = []
    ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
    with ours, theirs:
        for _ in range(times):
            send(theirs)
            data = ours.recv(1 << 20)
            reply = Reply(exchange)
            reply.feed(data)
            found.append((data, reply))
    return found


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("kind", ["equal", "differing"])
@pytest.mark.parametrize(("head", "body"), [(180, 0), (187, 13), (250, 31), (420, 1559), (1999, 20_000)])
def test_the_null_server_answers_as_many_bytes_as_it_is_asked_for(
    head: int, body: int, kind: str, close: bool
) -> None:
    both = answered(f"{head}-{body}-{kind}:8000", close, 2)
    for data, reply in both:
        assert (reply.complete, reply.fault, reply.size, reply.keeps) == (True, None, body, not close)
        assert head - 8 < len(data) - body <= head
    assert (both[0][0] == both[1][0]) is (kind == "equal")
    if kind == "differing" and body:
        assert both[0][0][-body:] != both[1][0][-body:]


def test_any_other_name_is_greeted() -> None:
    ((data, reply),) = answered("127.0.0.1:8000", close=False, times=1)
    assert reply.keeps
    assert data.endswith(b"\r\n\r\nHello, World!")


def test_generators_elsewhere_find_the_null_server_where_servers_run_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def calibrated(runtime: Runtime, *_: object, **__: object) -> None:
        target = runtime.start(NULL_DEPLOYMENT)
        assert isinstance(target, Target)
        asked.append(target.url)

    monkeypatch.setattr("bench.run.calibrate.calibrate", calibrated)
    here = make_suite({"gunicorn": 1000.0}).plan
    for generators in (None, Generators(1, "127.0.0.2", 5557)):
        plan = replace(here, runtime="external", generators=generators)
        unused = cast(LoadDriver, None)
        calibrate_run(plan, CPUS, cast(Runtime, None), unused, ROOT, tmp_path, 0, {})

    assert [urlsplit(url).hostname for url in asked] == ["127.0.0.1", "127.0.0.2"]


def test_each_app_and_scenario_has_a_ceiling_of_its_own(tmp_path: Path) -> None:
    samples = {("shop", "get"): Sample(420, 1559, True), ("hello", "hello"): Sample(120, 13, False)}
    with null_runtime(tmp_path, CPUS, ROOT) as runtime:
        command, environment = runtime.driver_command(())
        with LoadDriver(command, environment, ROOT, (), tmp_path / "driver.log") as driver:
            found = calibrate(runtime, driver, samples, blocks=1, seed=0, epoch_ns=0)
            plain = calibrate(runtime, driver, {}, blocks=1, seed=0, epoch_ns=0)

    every = (found, *found.others)
    assert {(one.app, one.scenario): one.sample for one in every} == samples
    assert (plain.sample, plain.others) == (None, ())
    for one in (*every, plain):
        assert min(one.keep_alive_rps, one.close_rps, one.latency_floor_s) > 0
    assert found.of("hello", "hello") is found.others[0]
    assert found.of("none", "hello") is found
