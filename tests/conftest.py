"""Rules for the whole suite."""

from __future__ import annotations

import pytest

from tests.machine import lacks, without_containers


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `containers` run where containers can. Before any fixture builds an image."""
    if item.get_closest_marker("containers") and (reason := without_containers()):
        lacks(reason)
