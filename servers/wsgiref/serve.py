"""wsgiref, one request at a time and a log line each, or (`--threaded`) a thread a connection and no log."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(WSGIServer):
    # 5 by default, so that with 16 users TCP's wait of a second or more would be measured instead of wsgiref:
    # https://docs.python.org/3/library/socketserver.html#socketserver.BaseServer.request_queue_size
    request_queue_size = 128


class ThreadedServer(ThreadingMixIn, Server):
    # A thread that still waits for its client must not keep the process from ending.
    # https://docs.python.org/3/library/socketserver.html#socketserver.ThreadingMixIn
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(load: Callable[[], Any], host: str, port: int, _workers: int, _threads: int) -> None:
    """Serve until ended."""
    application = load()
    threaded = sys.argv[1:] == ["--threaded"]
    if threaded:
        server: WSGIServer = make_server(host, port, application, ThreadedServer, QuietHandler)
    else:
        server = make_server(host, port, application, Server)

    # KeyboardInterrupt would be lost: wsgiref.handlers catches it when it comes in the middle of a request.
    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    with server:
        server.serve_forever(poll_interval=0.1)
