"""Which processes are a run's own, as its engine tells."""

from __future__ import annotations

from typing import cast

import pytest

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


class Left:
    """An engine with a container of a run, whose harness is told."""

    def __init__(self, harness: str) -> None:
        self._harness = harness
        self.removed = False

    def run(self, *arguments: str, **_: object) -> str:
        if arguments[:2] == ("container", "ls") and not self.removed:
            return f"run-1 {self._harness}\n" if "--format" in arguments else "a1\n"
        self.removed = self.removed or arguments[:2] == ("container", "rm")
        return ""


def test_what_a_harness_of_another_machine_of_this_name_has_is_no_leftover(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = ownership.labels("run-1")[ownership.HARNESS_LABEL]
    machine, pid, born = own.split("/")
    ended = f"{machine}/{pid}/{born}0"
    monkeypatch.setattr(ownership, "machine", lambda: "of-another")
    there = ownership.labels("run-1")[ownership.HARNESS_LABEL]
    monkeypatch.undo()

    assert there.split(":")[0] == own.split(":")[0]
    assert ownership.clean(cast(Engine, Left(ended))) == ["run-1"]
    assert ownership.clean(cast(Engine, Left(own))) == []
    assert ownership.clean(cast(Engine, Left(f"{there}0"))) == []


class Named:
    """An engine with an image that a run has named, and nothing else of it."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def run(self, *arguments: str, **_: object) -> str:
        if arguments[:2] == ("image", "rm"):
            self._tag = ""
        asked = [word for word in arguments if word.startswith("reference=")]
        return f"wsgi-bench/gunicorn:{self._tag}\n" if asked and self._tag else ""


def test_names_that_a_run_gave_its_images_end_with_its_harness() -> None:
    own = ownership.tag("run-1")

    assert ownership.clean(cast(Engine, Named(own))) == []
    assert ownership.clean(cast(Engine, Named(f"{own}0"))) == ["run-1"]
    run_id, machine, *process = own.split(".")
    assert machine != "00000000"
    assert ownership.clean(cast(Engine, Named(".".join([run_id, "00000000", *process]) + "0"))) == []
