"""`--client fasthttp` in open load: never more under way than the cap, and windows as long as planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.load.client import LoadDriver
from bench.model import Open
from proof.planted.start import planted
from tests.load.test_driver import new_driver, target, trial

CAP, LENGTH_S = 4, 0.05
AT_ONCE = 20_000.0
"""Requests a second: as after a stall, all of a trial's are due before the first is sent."""
SELDOM = 0.001


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), "--client", "fasthttp") as running:
        yield running


def test_what_is_due_at_once_exceeds_no_cap(driver: LoadDriver) -> None:
    order = trial("a", Open(CAP, AT_ONCE), length_s=LENGTH_S)
    with planted("never") as url:
        driver.set_targets([target("a", url)], None)
        (found,) = driver.block([replace(order, settle_s=0.0, timeout_s=0.2)])
        driver.set_targets([], None)

    assert found.unfinished == CAP
    assert found.dropped == found.offered - CAP > 100


def test_a_window_without_arrivals_is_as_long_as_another(driver: LoadDriver) -> None:
    with planted("length") as url:
        driver.set_targets([target("a", url)], None)
        (found,) = driver.block([trial("a", Open(CAP, SELDOM), length_s=LENGTH_S)])
        driver.set_targets([], None)

    assert found.offered == 0
    assert found.duration_s >= LENGTH_S
