"""The rows of a locust file, whose users make the load."""

from __future__ import annotations

from bench.ask.settings.requests import REQUESTS
from bench.ask.settings.setting import Setting

LOCUST = (
    Setting(
        "locustfile",
        "text",
        "A locust file, whose users make the load as they are, instead of scenarios",
        "Response times are compared and throughput isn't: see [I have a locust file](tutorials/locust.md).",
        form="a file",
        metavar="FILE",
        offers="files",
        drops=("scenarios", *(row.name for row in REQUESTS), "client", "rate", "connection", "until"),
    ),
    Setting("user", "text", "The locust file's user class to run", otherwise="all, by their weights"),
    Setting("tags", "names", "Only the locust file's tasks with one of these tags run"),
    Setting("exclude_tags", "names", "The locust file's tasks with one of these tags don't run"),
)
