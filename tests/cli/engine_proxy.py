"""A way to the Docker engine that can be cut: what an engine that dies looks like from outside."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_BUFFER = 1 << 16


class EngineProxy:
    """Passes everything on to the engine's socket until `cut`.

    Args:
        path: of the socket that it makes.
    """

    def __init__(self, path: Path, engine: Path) -> None:
        self.address = f"unix://{path}"
        self._path = path
        self._engine = engine
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Self:
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        for connection in self._open:
            connection.close()
        self._listener.close()

    def cut(self) -> None:
        """End every connection, and take no more."""
        with self._lock:
            self._path.unlink(missing_ok=True)
            for connection in (self._listener, *self._open):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *arguments: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(str(self._engine))
            with self._lock:
                self._open += [client, engine]
            self._start(self._copy, client, engine)
            self._start(self._copy, engine, client)

    def _passed_on(self, source: socket.socket, data: bytes) -> bytes:  # noqa: ARG002
        """What becomes of data; a kind of this proxy may read more, and say something else."""
        return data

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_BUFFER):
                sink.sendall(self._passed_on(source, data))
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
