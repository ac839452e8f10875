"""Asks for each broken answer by either client."""

from __future__ import annotations

from typing import Any

from locust import FastHttpUser, HttpUser, constant

NAMES = ("cut-after-a-chunk", "cut-in-a-chunk", "bad-chunk", "cut", "two-lengths", "bad-gzip", "closed")


def each(user: Any) -> None:
    for name in NAMES:
        user.client.get(f"/{name}", name=f"{user.said}/{name}")


class Plain(HttpUser):
    wait_time = constant(0.01)
    tasks = [each]  # noqa: RUF012 - as locust has them
    said = "plain"


class Fast(FastHttpUser):
    wait_time = constant(0.01)
    tasks = [each]  # noqa: RUF012 - as locust has them
    said = "fast"
