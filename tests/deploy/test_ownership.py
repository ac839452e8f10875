"""Which processes are a run's own, as its engine tells."""

from __future__ import annotations

from typing import cast

from bench.deploy import ownership
from bench.deploy.engine import Engine


class Answering:
    """An engine with so many running containers."""

    def __init__(self, containers: dict[str, int]) -> None:
        self._containers = containers

    def run(self, *arguments: str) -> str:
        if arguments[0] == "ps":
            assert f"label={ownership.RUN_LABEL}=run-1" in arguments
            return "\n".join(self._containers)
        return "\n".join(str(self._containers[name]) for name in arguments[3:])


def test_the_first_process_of_each_container_of_a_run() -> None:
    assert ownership.processes(cast(Engine, Answering({"a1": 7, "b2": 9})), "run-1") == [7, 9]
    assert ownership.processes(cast(Engine, Answering({})), "run-1") == []
