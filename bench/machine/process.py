"""The one door for subprocesses."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bench.machine.interrupt import shield
from bench.machine.priority import NONE, Priority
from bench.model.errors import BenchError

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def killed_by(code: int) -> signal.Signals | None:
    """The signal that ended a process; None for one that ended by itself.

    Args:
        code: as `Popen.returncode` gives it, or a shell or an engine passes it on: 128 + the signal's number.
    """
    number = -code if code < 0 else code - 128
    return signal.Signals(number) if number in {sign.value for sign in signal.Signals} else None


def how_ended(code: int, used_up: str = "") -> str:
    """How a process ended, to follow its name.

    Args:
        used_up: what had used up its memory, in words, if that is known to have ended it.
    """
    sign = killed_by(code)
    if sign is None:
        return f"ended by itself with exit code {code}"
    if used_up:
        return f"was killed by {sign.name}: {used_up}; raise that, or look for a leak"
    if sign is signal.SIGKILL:
        return "was killed by SIGKILL; the kernel's log may say out of memory (dmesg)"
    return f"was killed by {sign.name}"


class CommandFailed(BenchError):
    """A command ended with an error.

    Attributes:
        output: what it printed, standard error after standard output.
    """

    def __init__(self, argv: Sequence[str], how: str, output: str) -> None:
        self.output = output
        tail = "\n".join(output.strip().splitlines()[-15:])
        super().__init__(f"`{' '.join(argv)}` {how}:\n{tail}")


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout_s: float | None = None,
    merge_errors: bool = False,
) -> str:
    """Run a command to its end and return its standard output, with `merge_errors` its standard error, too.

    It has a session of its own, so that a Ctrl-C on the terminal reaches the harness alone,
    and is ended with everything it started when the wait for it is interrupted.

    Raises:
        CommandFailed: it ended with another exit code than 0, or took longer than `timeout_s`.
        FileNotFoundError: there is no such command.
    """
    child: subprocess.Popen[str] | None = None
    try:
        with shield():
            child = subprocess.Popen(
                argv,
                env=None if environment is None else dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merge_errors else subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        out, err = child.communicate(stdin, timeout=timeout_s)
    except BaseException as error:
        if child is not None:
            with shield():
                _end_group(child)
                for pipe in (child.stdin, child.stdout, child.stderr):
                    if pipe is not None:
                        pipe.close()
        if isinstance(error, subprocess.TimeoutExpired):
            raise CommandFailed(argv, "was ended", f"no end after {timeout_s:g} s") from None
        raise
    if child.returncode != 0:
        raise CommandFailed(argv, how_ended(child.returncode), out + (err or ""))
    return out


def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    cpus: Iterable[int] = (),
    cgroups: Iterable[Path] = (),
    priority: Priority = NONE,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start a long-lived child in a session of its own, on `cpus` if any are given.

    It is killed by the kernel when the harness is (Linux), so that nothing outlives a SIGKILL.

    Args:
        cgroups: the `cgroup.procs` of those that it moves into, with all that it will start; where the
            kernel refuses that, it stays in this process's own.
        priority: what it asks for, with all that it will start in its session.

    Raises:
        FileNotFoundError: there is no such command.
    """
    cpu_set, doors = set(cpus), list(cgroups)
    parent = os.getpid()

    def before_exec() -> None:
        # A shell starts background jobs with SIGINT ignored, which children would inherit: then
        # servers whose graceful end is SIGINT couldn't be ended by it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for door in doors:
            with suppress(OSError):
                door.write_text("0")
        if hasattr(os, "sched_setaffinity"):
            end_with(parent)
            if cpu_set:
                os.sched_setaffinity(0, cpu_set)
            priority.take()

    return subprocess.Popen(
        argv,
        env=dict(environment),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=before_exec,
    )


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends (Linux); at once, if it has ended by now."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def stop(child: subprocess.Popen[bytes], sign: signal.Signals, grace_s: float) -> bool:
    """Ask a child to end, kill its whole session after `grace_s`.

    Returns:
        Whether it ended by itself and left no process of its session behind.
    """
    return stop_all([(child, sign, grace_s)])[0]


def stop_all(children: Sequence[tuple[subprocess.Popen[bytes], signal.Signals, float]]) -> list[bool]:
    """As `stop`, for several at once: all are asked before the first is waited for."""
    for child, sign, _ in children:
        if child.poll() is None:
            child.send_signal(sign)
    asked = time.monotonic()
    clean = []
    for child, _, grace_s in children:
        try:
            child.wait(max(0.0, asked + grace_s - time.monotonic()))
            ended = True
        except subprocess.TimeoutExpired:
            ended = False
        clean.append(not _end_group(child) and ended)
    return clean


def _end_group(child: subprocess.Popen[Any]) -> bool:
    """Kill what is left of a child's session; return whether anything was left."""
    left = True
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        left = False
    child.wait()
    return left
