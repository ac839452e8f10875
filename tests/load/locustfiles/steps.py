"""Users who take the same steps again and again, and a listener of the file's own."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from locust import HttpUser, SequentialTaskSet, constant, events, task


class Steps(SequentialTaskSet):
    def on_start(self) -> None:
        self.client.post("/login", {})

    @task
    def first(self) -> None:
        self.client.get("/a")

    @task
    def second(self) -> None:
        self.client.get("/b")

    @task
    def third(self) -> None:
        self.client.get("/c")


class Walker(HttpUser):
    wait_time = constant(0.005)
    tasks: ClassVar[list[type[SequentialTaskSet]]] = [Steps]  # type: ignore[assignment, misc]


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def own_argument(parser: Any) -> None:
    parser.add_argument("--greeting", default="hello")


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begun(environment: Any, **_more: Any) -> None:
    print("test_start:", environment.host, environment.parsed_options.greeting, file=sys.stderr)
