"""Users whose own code fails, now and then or before they begin."""

from __future__ import annotations

from locust import HttpUser, constant, task
from locust.exception import StopUser


class Forgetful(HttpUser):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        self.client.get("/")

    @task
    def forgets(self) -> None:
        answer: dict[str, str] = {}
        answer["token"]


class Locked(HttpUser):
    def on_start(self) -> None:
        raise PermissionError("no account is left")

    @task
    def page(self) -> None:
        self.client.get("/")


class Leaving(HttpUser):
    @task
    def page(self) -> None:
        self.client.get("/")
        raise StopUser


class Ending(HttpUser):
    @task
    def page(self) -> None:
        raise SystemExit(3)
