"""The scenarios as a plain locust file, for locust's own web UI: `make locust SERVER=gunicorn`.

Good for looking around and as a cross-check. Its figures are rounded to whole milliseconds and its
client costs about ten times as much CPU as the harness's own loop; no report is made from it.
"""

from __future__ import annotations

import os
import random

from locust import FastHttpUser, constant, task

from bench.scenarios import SCENARIOS

SCENARIO_VARIABLE = "WSGI_BENCH_SCENARIO"


class ScenarioUser(FastHttpUser):
    """One user that sends the scenario's requests one after the other and checks every answer."""

    wait_time = constant(0)

    def on_start(self) -> None:
        scenario = SCENARIOS[os.environ.get(SCENARIO_VARIABLE, "get")]
        self._requests = scenario.requests(random.Random())

    @task
    def send(self) -> None:
        request = next(self._requests)
        with self.client.request(
            request.method,
            request.path,
            name=request.endpoint,
            data=request.body.decode() or None,
            headers=dict(request.headers),
            allow_redirects=False,
            catch_response=True,
        ) as response:
            location = response.headers.get("Location") if response.headers is not None else None
            fault = request.expect.fault(
                response.status_code, location.encode() if location else None, response.content or b""
            )
            if fault is not None:
                response.failure(f"wrong {fault}")
            else:
                response.success()
