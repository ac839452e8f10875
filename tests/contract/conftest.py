"""Every server of the compose file in both runtimes, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench.catalogue.versions import this_checkout
from bench.deploy.engine import find_engine
from bench.deploy.select import open_runtime
from bench.machine.environment import split_cpus
from bench.model import Server
from tests.contract.relay import start_relay
from tests.contract.stack import (
    DEPLOYMENTS,
    HELLO,
    ROOT,
    SERVERS,
    SHORTLY,
    Containers,
    Stack,
    take_over_redis,
)

RUNTIMES = ["local", pytest.param("compose", marks=[pytest.mark.containers, pytest.mark.slow])]


@pytest.fixture(scope="package", params=RUNTIMES)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Each runtime, open from its first test to its last."""
    directory = tmp_path_factory.mktemp(request.param)
    deployments = list(DEPLOYMENTS.values())
    with ExitStack() as opened:
        runtime = opened.enter_context(
            open_runtime(request.param, deployments, this_checkout(ROOT), directory, split_cpus(), print)
        )
        if request.param == "local":
            redis = opened.enter_context(take_over_redis(runtime, directory))
            yield Stack(runtime, directory, redis, None, {})
        else:
            engine = find_engine()
            containers = Containers(engine, directory)
            yield Stack(runtime, directory, containers, containers, start_relay(engine, directory))


@pytest.fixture(params=SERVERS.values(), ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    """Each server."""
    found: Server = request.param
    return found


@pytest.fixture
def hello(stack: Stack, server: Server) -> str:
    """URL of the app `hello` behind the server."""
    return stack.answering(server, HELLO).url


@pytest.fixture
def shortly(stack: Stack, server: Server) -> str:
    """URL of Shortly behind the server."""
    return stack.answering(server, SHORTLY).url
