"""What `--client fasthttp` makes of answers that locust's client can't take: an error of that request."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from bench.load.client import LoadDriver
from bench.model import Closed, Open, Trial
from tests.load.test_driver import ROOT, new_driver, target, trial
from tests.patience import HANGS_S

CLOSED = Closed(3)
OPEN = Open(64, rate=300.0)
BODY = b"Hello, World!"


class Raw(ThreadingTCPServer):
    """Answers every request with the same bytes, from this process."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: bytes, *, close: bool) -> None:
        self.answer = answer
        self.close = close
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(StreamRequestHandler):
    server: Raw

    def handle(self) -> None:
        with suppress(ConnectionError):
            while self.rfile.readline():
                while self.rfile.readline() not in (b"\r\n", b""):
                    pass
                self.wfile.write(self.server.answer)
                if self.server.close:
                    break


@contextmanager
def answering(answer: bytes, *, close: bool = False) -> Iterator[str]:
    with Raw(answer, close=close) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), "--client", "fasthttp") as running:
        yield running


def response(*lines: bytes, status: bytes = b"200 OK", body: bytes = BODY) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *lines, b"", body])


GZIP, ZSTD, LATIN = b"Content-Encoding: gzip", b"Content-Encoding: zstd", "\xe4".encode("latin-1")
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n" + GZIP + b"\r\n\r\n"
# What is sent, whether the connection ends then, and how each request ends.
ODD = {
    "no content, packed": (NO_CONTENT, False, "status"),
    "not packed at all": (response(GZIP), False, "ok"),
    "packed unasked": (response(GZIP, body=gzip.compress(BODY)), False, "body"),
    "unknown packing": (response(ZSTD), False, "ok"),
    "unknown charset": (response(b"Content-Type: text/html; charset=klingon"), False, "ok"),
    "error page in another charset": (response(status=b"500 Oops", body=LATIN), False, "status"),
    "header in another charset": (response(b"X-Name: " + LATIN), False, "ok"),
    "packed error page": (response(GZIP, status=b"503 Busy"), False, "status"),
    "no length": (b"HTTP/1.1 200 OK\r\n\r\n" + BODY, True, "ok"),
    "two lengths": (response(b"Content-Length: 13, 14"), False, "malformed"),
    "ends within the body": (response()[:-4], True, "truncated"),
    "ends within the head": (response()[:20], True, "truncated"),
    "says nothing": (b"", True, "closed"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", True, "malformed"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", True, "malformed"),
    "location that is none": (response(b"Location: http://[::1", status=b"302 Found"), False, "status"),
    "a type twice": (response(b"Content-Type: a/b", b"Content-Type: a/b"), False, "ok"),
    "two answers at once": (response() * 2, False, "excess"),
    "an error and an answer at once": (response(status=b"500 Oh", body=b"no") + response(), False, "status"),
    "an answer and an error at once": (response() + response(status=b"500 Oh", body=b"no"), False, "excess"),
    "a line end after it": (response() + b"\r\n", False, "ok"),
    "very long header": (response(b"X-Long: " + b"x" * 200_000), False, "ok"),
}


def ended(found: Trial) -> set[str]:
    return {*found.errors, *(["ok"] if found.ok else [])}


@pytest.mark.parametrize("name", ODD)
def test_every_odd_answer_is_counted_by_its_kind(driver: LoadDriver, name: str) -> None:
    answer, close, kind = ODD[name]
    with answering(answer, close=close) as url:
        driver.set_targets([target("a", url)], store=None)
        trials = list(driver.block([trial("a", CLOSED), trial("a", OPEN)]))
        driver.set_targets([], store=None)

    for found in trials:
        assert found.offered == found.ok + found.failed + found.dropped + found.unfinished > 0
        assert ended(found) == {kind}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two lengths", {"an answer that locust's client refuses: Duplicate Content-Length"}),
        ("bad chunk", {"an answer that locust's client refuses: Invalid character in chunk size"}),
        ("ends within the body", set()),
    ],
)
def test_what_locusts_client_refuses_is_said(driver: LoadDriver, name: str, words: set[str]) -> None:
    answer, close, _ = ODD[name]
    with answering(answer, close=close) as url:
        driver.set_targets([target("a", url)], store=None)
        (found,) = driver.block([trial("a", CLOSED)])
        driver.set_targets([], store=None)

    assert found.wrong.keys() == words
    assert sum(found.wrong.values()) == (found.failed if words else 0)
    assert not found.statuses


ENDS = """
from bench.load.targetstate import TargetState
from bench.load import fasthttp
from bench.load.records import Records
from bench.machine.place import HERE
from bench.model import Closed, Open, Load, Target, TrialOrder, UsageSource

order = TrialOrder("a/closed", "a", "hello", Closed(2), 0.1, 0.0, 1, 1, 1, "seed", None, 0, timeout_s=0.5)
state = TargetState(Target("a", "http://127.0.0.1:9", UsageSource("none")), HERE)
no_requests = iter(())
fasthttp.conduct(order, state, no_requests, Records(), lambda: None, lambda: None)
"""


def test_a_trial_in_which_a_user_ended_is_a_fault_of_the_harness() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=False
    )

    assert said.returncode == 1
    assert "RuntimeError: a user of --client fasthttp ended by itself (StopIteration" in said.stderr


WEB_UI = """
import sys
import gevent
from locust.env import Environment
from bench.load.locustfile import ScenarioUser

environment = Environment(user_classes=[ScenarioUser], host=sys.argv[1])
runner = environment.create_local_runner()
runner.start(1, spawn_rate=1)
with gevent.Timeout(30):
    while environment.stats.total.num_requests < 3:
        gevent.sleep(0.01)
failures = [str(found.error) for found in environment.stats.errors.values()]
print(environment.stats.total.num_failures >= 3, len(runner.exceptions), *failures)
runner.quit()
"""


@pytest.mark.parametrize(
    ("answer", "close", "failure"),
    [(NO_CONTENT, False, "wrong status"), (response()[:-4], True, "truncated"), (b"", True, "closed")],
)
def test_a_user_of_the_web_ui_survives_what_its_client_raises(
    answer: bytes, close: bool, failure: str
) -> None:
    with answering(answer, close=close) as url:
        said = subprocess.run(
            [sys.executable, "-c", WEB_UI, url],
            cwd=ROOT,
            env={**os.environ, "WSGI_BENCH_SCENARIO": "hello"},
            capture_output=True,
            text=True,
            timeout=HANGS_S,
            check=False,
        )

    assert said.stdout.startswith("True 0 "), said.stderr
    assert failure in said.stdout, said.stderr
