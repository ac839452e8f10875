"""Rules for the whole suite."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

from tests.installed import COMMAND, install
from tests.required import lacks, without_containers

_TESTS = Path(__file__).parent
_CONTRACT = "tests/contract/"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `containers` run where containers can. Before any fixture builds an image."""
    if item.get_closest_marker("containers") and (reason := without_containers()):
        lacks(reason)


_LONGEST = ("containers", "contract", "any_app", "cli", "load", "proof", "browser", "deploy", "house", "run")
"""Folders of tests that take long, which begin first: otherwise all would wait for the last of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, and otherwise as they stand."""
    order = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.path.relative_to(_TESTS).parts[0], len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes a CPU, since most tests wait for what they have started."""
    return min(12, 3 * len(os.sched_getaffinity(0)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process has whole files, and one has the whole contract, whose files ask the same running servers."""
    scheduling = LoadFileScheduling(config, log)
    by_file = scheduling._split_scope
    scheduling._split_scope = lambda test: "contract" if test.startswith(_CONTRACT) else by_file(test)
    return scheduling


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens, nor can while the test lasts: it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`wsgi-bench`, installed from a wheel of this checkout, once for all processes of this test run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = folder / "installed"
        if installed.exists():
            return installed / COMMAND
        installed.mkdir()
        return install(installed)
