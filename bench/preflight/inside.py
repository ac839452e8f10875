"""An application in a process of its own interpreter, which answers one request after the other."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from uuid import uuid4

import psutil

from bench.machine import process
from bench.machine.interrupt import shield
from bench.machine.marked import end_marked
from bench.model.project import Project
from bench.preflight.restoring import binds

_SCRIPT = Path(__file__).parent / "child" / "main.py"
_MARK = "WSGI_BENCH_PREFLIGHT"
_LOOK_EVERY_S = 0.1
# For what takes no time at all, on a busy machine.
_GRACE_S = 1.0
_HEAD_BYTES, _TAIL_BYTES = 4_096, 32_768
_MEMORY_SHARE = 0.5
# Whoever has an address and does next to nothing for so long waits for clients.
_WAITS_S, _WAITING_CPU = 5.0, 0.05

Said = Mapping[str, Any]
"""What the process said; or what became of it: `kind` as of a `Trouble`."""


@dataclass(frozen=True)
class Within:
    """A container that the process is in, instead of this machine.

    Attributes:
        command: what starts it there.
        environment: of that command.
        remove: ends the container, whatever becomes of the command.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    remove: Callable[[], None]


class Inside:
    """The process. On leaving the block it is ended with everything that it started.

    Args:
        scratch: a folder of its own, in which files are kept as they were.
        limit_s: how long the import may take.
        within: where it is, if not on this machine.
        watched: whether what it writes, starts and connects to is watched, which takes CPU time.
        cpus: those that it runs on; by default this process's.

    Attributes:
        printed: bytes that the application printed; all of them are counted once the block is left.
    """

    def __init__(
        self,
        project: Project,
        environment: Mapping[str, str],
        scratch: Path,
        limit_s: float,
        within: Within | None = None,
        *,
        watched: bool = True,
        cpus: Iterable[int] = (),
    ) -> None:
        self.printed = 0
        self._project = project
        self._scratch = scratch
        self._within = within
        environment = within.environment if within else environment
        self._limit_s = limit_s
        self._watched = watched
        self._cpus = tuple(cpus)
        self._mark = uuid4().hex
        self._environment = {**environment, "PYTHONDONTWRITEBYTECODE": "1", _MARK: self._mark}
        self._most_memory = psutil.virtual_memory().available * _MEMORY_SHARE
        self._said: queue.Queue[bytes | None] = queue.Queue()
        self._head, self._tail = bytearray(), bytearray()
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        with shield():
            self._child = process.spawn(
                self._within.command if self._within else [self._project.python, str(_SCRIPT)],
                environment=self._environment,
                cwd=self._scratch if self._within else Path(self._project.root),
                cpus=self._cpus,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        for pipe, read in ((self._child.stdout, self._read_answers), (self._child.stderr, self._read_prints)):
            assert pipe is not None
            self._readers.append(threading.Thread(target=read, args=(pipe,), daemon=True))
            self._readers[-1].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with shield():
            process.stop(self._child, signal.SIGKILL, _GRACE_S)
            end_marked(_MARK, self._mark)
            if self._within:
                self._within.remove()
            for reader in self._readers:
                reader.join(_GRACE_S)
            for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
                # A reader that still reads of a pipe whose other end somebody else has keeps it.
                if pipe is not None and not any(reader.is_alive() for reader in self._readers):
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue

    def load(self) -> tuple[Said, Said]:
        """Import the application; what its Python is, and what became of it."""
        # A container has a folder of its own for it, which goes with the container.
        kept = "/tmp" if self._within else str(self._scratch)
        job = {
            "callable": self._project.callable,
            "root": self._project.root,
            "kept": kept,
            "watched": self._watched,
            "stack": f"{kept}/stack",
        }
        self._send(job)
        about = self._receive(self._limit_s)
        return about, about if "kind" in about else self._receive(self._limit_s, importing=True)

    def ask(self, command: Mapping[str, Any], limit_s: float) -> Said:
        """Send a request; `command` is as `bench/preflight/child/calling.py` reads it."""
        self._send(command)
        return self._receive(limit_s)

    def output(self) -> str:
        """What the application printed: the beginning and the end of it."""
        return (bytes(self._head) + bytes(self._tail)).decode("utf-8", "replace")

    def stack(self) -> str:
        """Where the application stood when its time was up; waits a moment for it to be written."""
        until = time.monotonic() + _GRACE_S
        text = "\n" if self._within else ""
        while not text.endswith("\n") and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
            with suppress(OSError):
                text = (self._scratch / "stack").read_text(errors="replace")
        return text

    def _send(self, said: Mapping[str, Any]) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(said).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            # It has ended, which its answer says.
            return

    def _receive(self, limit_s: float, *, importing: bool = False) -> Said:
        until = time.monotonic() + limit_s
        looked, spent_s = time.monotonic(), 0.0
        ended = False
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._said.get(timeout=min(left, _LOOK_EVERY_S))
            except queue.Empty:
                if ended:
                    # Somebody whom it started has its pipes, and keeps them open.
                    return self._ended()
                ended = self._child.poll() is not None
                if self._memory() > self._most_memory:
                    return {"kind": "memory", "detail": f"{self._most_memory / 1e6:,.0f} MB"}
                if importing and time.monotonic() - looked > _WAITS_S:
                    before_s, spent_s = spent_s, self._cpu_s()
                    if spent_s - before_s < _WAITING_CPU * _WAITS_S and binds(self._scratch):
                        break
                    looked = time.monotonic()
                continue
            if line is None:
                return self._ended()
            said: Said = json.loads(line)
            return said
        self._child.send_signal(signal.SIGUSR2)
        return {"kind": "blocked", "detail": f"{limit_s:g} s"}

    def _ended(self) -> Said:
        try:
            code = self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return {"kind": "ended", "detail": "closed all its files"}
        # Its last words may still be in the pipe.
        self._readers[-1].join(_GRACE_S)
        return {"kind": "ended", "detail": process.how_ended(code)}

    def _memory(self) -> int:
        try:
            return int(psutil.Process(self._child.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _cpu_s(self) -> float:
        try:
            return sum(psutil.Process(self._child.pid).cpu_times()[:2])
        except psutil.Error:
            return 0.0

    def _read_answers(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._said.put(line)
        self._said.put(None)

    def _read_prints(self, pipe: IO[bytes]) -> None:
        # All of it is read, else the application would wait; little of it is kept.
        while chunk := pipe.read1(65_536):  # type: ignore[attr-defined]
            self.printed += len(chunk)
            missing = _HEAD_BYTES - len(self._head)
            self._head += chunk[: max(0, missing)]
            self._tail += chunk[max(0, missing) :]
            del self._tail[:-_TAIL_BYTES]
