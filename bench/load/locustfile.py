"""The scenarios as a plain locust file, for locust's own web UI: `make locust SERVER=gunicorn`.

Good for looking around and as a cross-check. Its figures are rounded to whole milliseconds and its
client costs about ten times as much CPU as the harness's own loop; no report is made from it.
"""

from __future__ import annotations

import os
import random
from typing import Any

from locust import FastHttpUser, constant, task
from locust.env import Environment

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.request import Request, on_the_wire
from bench.load.locustclient import kind_of, take_as_it_comes

_TIMEOUT_S = 60.0
SCENARIO_VARIABLE = "WSGI_BENCH_SCENARIO"
URL_VARIABLE = "WSGI_BENCH_URL"


class ScenarioUser(FastHttpUser):
    """One user that sends the scenario's requests one after the other and checks every answer.

    It asks the server that `$WSGI_BENCH_URL` names, where that is set, and no other, whatever host the web UI
    is told: every page that is open in the same browser can tell it one.
    """

    wait_time = constant(0)

    def __init__(self, environment: Environment) -> None:
        self.host = os.environ.get(URL_VARIABLE, self.host)
        super().__init__(environment)

    def on_start(self) -> None:
        scenario = SCENARIOS[os.environ.get(SCENARIO_VARIABLE, "get")]
        self._requests = scenario.requests(random.Random())
        take_as_it_comes(self.client, _TIMEOUT_S)

    @task
    def send(self) -> None:
        request = next(self._requests)
        with self.client.request(
            request.method,
            on_the_wire(request.path),
            name=request.endpoint,
            data=request.body.decode() or None,
            headers=dict(request.headers),
            allow_redirects=False,
            catch_response=True,
        ) as response:
            fault = _fault(request, response)
            if fault is not None:
                response.failure(fault)
            else:
                response.success()


def _fault(request: Request, response: Any) -> str | None:
    """What is wrong with an answer, or with how it came; whatever that is, the user goes on."""
    try:
        if broken := response.request_meta["exception"]:
            raise broken
        location, type_ = (response.headers.get(name) for name in ("Location", "Content-Type"))
        fault = request.expect.fault(
            response.status_code,
            location.encode() if location else None,
            response.content,
            type_.encode() if type_ else None,
        )
    except Exception as error:
        return f"{kind_of(error)}: {error}"
    return f"wrong {fault}" if fault else None
