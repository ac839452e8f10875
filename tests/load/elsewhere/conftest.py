"""Hosts for the tests of generators elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proof.hosts import Host, Wanted
from tests.load.elsewhere.fleets import APART_S, NAMES, several


@pytest.fixture(scope="module")
def made() -> Iterator[list[Host]]:
    """The host of a server, and those of generators."""
    away = [Wanted(name, ahead_s=number * APART_S) for number, name in enumerate(NAMES, start=1)]
    with several(Wanted("server"), *away) as hosts:
        yield hosts
