"""Two classes of users, one of them three times as frequent; tasks with tags."""

from __future__ import annotations

from locust import FastHttpUser, constant, tag, task


class Reader(FastHttpUser):
    weight = 3
    wait_time = constant(0.01)

    @tag("read")
    @task(5)
    def items(self) -> None:
        self.client.get("/items")

    @tag("write", "slow")
    @task
    def post(self) -> None:
        self.client.post("/comment", data="text=hello")


class Admin(FastHttpUser):
    weight = 1
    wait_time = constant(0.02)
    host = "http://production.example"

    @tag("read")
    @task
    def broken(self) -> None:
        self.client.get("/broken")
