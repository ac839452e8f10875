"""No duration comes from a clock that can be set: nobody asks for the time of day but to say it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SET = frozenset({"time.time", "time.time_ns", "time.CLOCK_REALTIME", "psutil.boot_time"})
# Of files and processes, they are read from whatever object has them.
OF_ANYTHING = frozenset({"create_time", "st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns"})
ALLOWED = {
    # Which result is the newest one: an order of whole runs, not a length of time.
    ("bench/run/results.py", "st_mtime"),
    # Where there is no /proc, psutil has nothing else.
    ("bench/machine/lasting.py", "create_time"),
    # How long ago another machine's engine started something, by that machine's own clock.
    ("bench/machine/answering.py", "time.time_ns"),
    # Until when a cookie holds is said in wall time.
    ("bench/load/jar.py", "time.time"),
    # Whether a file has changed, and when a user's file that is put back was changed last.
    ("bench/preflight/child/writes.py", "st_mtime_ns"),
    ("bench/preflight/restoring.py", "st_mtime_ns"),
    ("bench/preflight/survey.py", "st_mtime_ns"),
}
SOURCES = sorted(path for folder in ("bench", "apps", "servers") for path in (ROOT / folder).rglob("*.py"))


def asked(tree: ast.AST) -> Iterator[str]:
    """The clocks that can be set of which a module makes use."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "psutil"}:
            yield from {f"{node.module}.{name.name}" for name in node.names} & SET
        elif isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            if whole in SET:
                yield whole
            elif node.attr in OF_ANYTHING:
                yield node.attr


@pytest.mark.parametrize("text", ["time.time()", "from time import time_ns", "x.stat().st_mtime"])
def test_such_a_clock_is_seen(text: str) -> None:
    assert list(asked(ast.parse(text)))


def test_durations_are_of_clocks_that_nobody_sets() -> None:
    found = {
        (str(path.relative_to(ROOT)), what)
        for path in SOURCES
        for what in asked(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == ALLOWED


def test_start_and_end_of_a_run_are_only_said() -> None:
    """Their difference would be the time of the run, of a clock that may have been set meanwhile."""
    subtracting = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "datetime" in (text := path.read_text(encoding="utf-8")) and ".total_seconds()" in text
    ]
    # How long ago a run was.
    assert subtracting == ["bench/report/index/runs.py"]
