"""A place on another machine: what is read there is asked of a process that runs there (`answering.py`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from bench.machine import kernel, process
from bench.machine.interrupt import shield
from bench.machine.lines import Lines
from bench.machine.place import Clock, Place, compare
from bench.model.errors import EngineError

Question = tuple[str, str]
"""What kind of thing is asked, and of what, as `answering.py` knows them."""
_ANSWER_S = 15.0
_GRACE_S = 3.0
_OF_THE_MACHINE = ("/proc", "/sys")


class Channel:
    """To a process that answers; a context manager that ends it. Threads may share it.

    Args:
        argv: what starts the process there, and hands over its standard input and output.
        name: of the machine, for messages.
    """

    def __init__(self, argv: Sequence[str], name: str) -> None:
        self._argv = argv
        self._name = name
        self._child: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the channel
        self._lines: Lines | None = None
        self._number = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with shield():
            self._child = process.spawn(
                self._argv,
                environment=os.environ,
                cwd=Path.cwd(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        assert self._child.stdout is not None
        self._lines = Lines(self._child.stdout.fileno())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with shield():
            assert self._child is not None
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            # Its input has ended, and so does it: the signal is for one that hangs.
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE_S)
            process.stop(self._child, signal.SIGTERM, _GRACE_S)
            self._errors.close()

    def ask(self, questions: Iterable[Question], within_s: float = _ANSWER_S) -> list[Mapping[str, Any]]:
        """The answers, in their order.

        Raises:
            EngineError: none came.
        """
        # An answer that is half read when a signal comes would be taken for the next one's.
        main = threading.current_thread() is threading.main_thread()
        whole: AbstractContextManager[None] = shield() if main else nullcontext()
        with self._lock, whole:
            self._number += 1
            order = {"number": self._number, "ask": list(questions)}
            assert self._child is not None
            assert self._child.stdin is not None
            try:
                self._child.stdin.write(json.dumps(order).encode() + b"\n")
                self._child.stdin.flush()
            except BrokenPipeError:
                raise self._gone("its process has ended") from None
            said: list[Mapping[str, Any]] = json.loads(self._line(time.monotonic() + within_s))["say"]
            return said

    def _line(self, until: float) -> bytes:
        assert self._lines is not None
        try:
            return self._lines.next(until)
        except TimeoutError:
            raise self._gone("it is silent") from None
        except EOFError:
            raise self._gone("its process has ended") from None

    def _gone(self, how: str) -> EngineError:
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return EngineError(
            f"What is read on {self._name} can't be had: {': '.join([how, *last])}. See that the machine and "
            f"its Docker engine can be reached."
        )


@dataclass(frozen=True)
class RemotePlace(Place):
    """Another machine, with a channel to it; without one only what it is about is known.

    Of its files only those count that its kernel makes up: the others would be those of the container.
    """

    channel: Channel | None = field(default=None, compare=False)

    def command(self, argv: Sequence[str]) -> list[str]:
        raise EngineError(f"`{argv[0]}` can't be run on another machine but in a container.")

    def cpus(self) -> tuple[int, ...]:
        if self.channel is None:
            assert self.about is not None
            return tuple(range(self.about.cpus))
        # Those that containers may have there: the one that answers is one.
        return kernel.allowed_cpus(self.of_process("self", "status"))

    def free_port(self) -> int:
        return int(self._asked(("free port", self.address)))

    def read(self, path: str | PurePath) -> str:
        return str(self._asked(self._of("read", path)))

    def texts(self, paths: Iterable[str | PurePath]) -> list[str | None]:
        answers = self._ask([self._of("read", path) for path in paths])
        return [str(answer["is"]).strip() if "is" in answer else None for answer in answers]

    def exists(self, path: str | PurePath) -> bool:
        try:
            return bool(self._asked(self._of("exists", path)))
        except OSError:
            return False

    def entries(self, path: str | PurePath) -> list[str]:
        return list(self._asked(self._of("entries", path)))

    def link(self, path: str | PurePath) -> str:
        return str(self._asked(self._of("link", path)))

    def links(self, folder: str | PurePath) -> Mapping[str, str]:
        return dict(self._asked(self._of("links", folder)))

    def open(self, path: str | PurePath) -> int:
        raise FileNotFoundError(f"{path} is on another machine")

    def began_ns(self, seen_ns: int, wall_ns: int) -> int:  # noqa: ARG002
        # Its own clock says how long ago that was, and this machine's only when it said so.
        asked_ns = self.clock.now_ns()
        _, wall_now_ns = self._asked(("clocks", ""))
        heard_ns = self.clock.now_ns()
        return (asked_ns + heard_ns) // 2 - (int(wall_now_ns) - wall_ns)

    def _of(self, kind: str, path: str | PurePath) -> Question:
        inside = str(path).startswith(tuple(f"{root}/" for root in (*_OF_THE_MACHINE, self.cgroups)))
        if not inside and str(path) not in (*_OF_THE_MACHINE, self.cgroups):
            raise FileNotFoundError(f"{path} isn't shown of another machine")
        return kind, str(path)

    def _asked(self, question: Question) -> Any:
        [answer] = self._ask([question])
        if "is" not in answer:
            raise OSError(answer["errno"], answer["why"], question[1])
        return answer["is"]

    def _ask(self, questions: Sequence[Question]) -> list[Mapping[str, Any]]:
        if self.channel is None:
            raise FileNotFoundError("nothing is read of a machine without a channel to it")
        return self.channel.ask(questions) if questions else []


def clock_of(channel: Channel) -> Clock:
    """The monotonic clock of a channel's machine, against this process's own."""

    def ask() -> int:
        [answer] = channel.ask([("clocks", "")])
        return int(answer["is"][0])

    return compare(ask)
