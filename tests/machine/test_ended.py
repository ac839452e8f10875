"""How a process ended, in words: by itself, by a signal, for want of memory."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from bench.deploy.container import end_of
from bench.machine import process

KILLED = "was killed by SIGKILL; the kernel's log may say out of memory (dmesg)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended by itself with exit code 0"),
        (3, "ended by itself with exit code 3"),
        (128, "ended by itself with exit code 128"),
        (255, "ended by itself with exit code 255"),
        (-9, KILLED),
        (137, KILLED),
        (-11, "was killed by SIGSEGV"),
        (139, "was killed by SIGSEGV"),
        (-15, "was killed by SIGTERM"),
    ],
)
def test_how_a_process_ended(code: int, words: str) -> None:
    assert process.how_ended(code) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Running": False, "ExitCode": 3, "OOMKilled": False}, "ended by itself with exit code 3"),
        ({"Running": False, "ExitCode": 137, "OOMKilled": False}, KILLED),
        ({"Running": False, "ExitCode": 137}, KILLED),
        (
            {"Running": False, "ExitCode": 137, "OOMKilled": True},
            "was killed by SIGKILL: its container had used up its memory (mem_limit); raise that, or look "
            "for a leak",
        ),
        ({"Running": True, "ExitCode": 0}, ""),
    ],
)
def test_how_a_container_ended(state: dict[str, Any], words: str) -> None:
    assert end_of(state) == words


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os; os.kill(os.getpid(), 9)", KILLED),
        ("raise SystemExit(2)", "ended by itself with exit code 2"),
        ("import time; time.sleep(60)", "was ended"),
    ],
)
def test_a_command_that_failed_says_how_it_ended(script: str, words: str) -> None:
    with pytest.raises(process.CommandFailed) as raised:
        process.run([sys.executable, "-c", script], timeout_s=5.0 if "sleep" not in script else 0.2)
    assert str(raised.value).startswith(f"`{sys.executable} -c {script}` {words}:")
