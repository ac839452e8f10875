"""Users who log in with an account each, and judge what they get themselves."""

from __future__ import annotations

from locust import HttpUser, constant, task

ACCOUNTS = ["ann", "bob", "eve", "joe"]


class Customer(HttpUser):
    wait_time = constant(0.01)

    def on_start(self) -> None:
        self.account = ACCOUNTS.pop()
        self.client.post("/login", {"account": self.account})

    @task(3)
    def items(self) -> None:
        self.client.get("/items?page=1", name="/items")

    @task
    def cart(self) -> None:
        with self.client.get("/cart", catch_response=True) as answer:
            if answer.text != "hello":
                answer.failure("no greeting")

    @task
    def gone_as_it_should(self) -> None:
        with self.client.get("/gone", catch_response=True) as answer:
            if answer.status_code == 404:
                answer.success()

    @task
    def disliked(self) -> None:
        with self.client.get("/", catch_response=True) as answer:
            answer.failure("not today")
