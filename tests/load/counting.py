"""A server that counts what it was asked, by path and status, with a login that sets a cookie."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGES = {"/": 200, "/items": 200, "/cart": 200, "/gone": 404, "/broken": 500, "/a": 200, "/b": 200, "/c": 200}
PRIVATE = "/cart"


@dataclass
class Counting:
    """What a server was asked so far.

    Attributes:
        asked: "METHOD path" -> how often, query left out.
        order: the paths in the order in which they were asked, by the visitor's cookie.
    """

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    order: dict[str, list[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def counting() -> Iterator[Counting]:
    """A server while the block lasts."""
    seen = Counting()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(PAGES.get(self.path.partition("?")[0], 404))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200, cookie=f"visitor={seen.asked.total()}")

        def _answer(self, status: int, cookie: str = "") -> None:
            path, visitor = self.path.partition("?")[0], self.headers["Cookie"]
            if path == PRIVATE and not visitor:
                status = 403
            with seen.lock:
                seen.asked[f"{self.command} {path}"] += 1
                seen.order.setdefault(str(visitor), []).append(path)
            self.send_response(status)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
