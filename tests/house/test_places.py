"""A machine is read in `bench/machine`, and no moment crosses from one clock to another unnoticed."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench.model as model
from bench.load import protocol

ROOT = Path(__file__).parents[2]
CLOCKS = frozenset({"monotonic_ns", "perf_counter", "perf_counter_ns", "clock_gettime", "clock_gettime_ns"})
KERNEL = ("/proc", "/sys")
ALLOWED = {
    # The driver's own: on its hot path nothing stands between it and the clock.
    ("bench/load/clock.py", "monotonic_ns"),
    # They run in the interpreter of a user's application, where nothing of ours can be imported.
    ("bench/preflight/child/calling.py", "perf_counter"),
    ("bench/preflight/child/costing.py", "perf_counter"),
    ("bench/preflight/child/costing.py", "/proc"),
    ("bench/preflight/child/main.py", "perf_counter"),
    ("bench/preflight/child/writes.py", "/proc"),
    ("bench/preflight/child/writes.py", "/sys"),
}
# Moments in what processes say to each other, and who turns them from one clock into another.
MOMENTS = {
    # `Fleet` takes the difference to a time of the same place's clock.
    "Target.started_ns",
    # `LoadDriver.block` turns it into a time of the driver's clock.
    "TrialOrder.epoch_ns",
    # The driver's master tells its own workers, which are in its place.
    "TrialOrder.opens_ns",
}


def read_directly(tree: ast.AST) -> Iterator[str]:
    """The files of the kernel and the clocks of which a module makes use."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from {name.name for name in node.names} & CLOCKS
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield from (part for part in KERNEL if f"{part}/" in node.value or node.value.endswith(part))


@pytest.mark.parametrize(
    "text",
    ['Path("/proc")', 'f"/proc/{pid}/stat"', 'open("/sys/class/net")', "time.monotonic_ns()",
     "from time import perf_counter"],
)  # fmt: skip
def test_what_goes_past_the_place_is_seen(text: str) -> None:
    assert list(read_directly(ast.parse(text)))


def test_only_the_machine_reads_the_kernels_files_and_clocks() -> None:
    past = {
        (str(path.relative_to(ROOT)), what)
        for path in (ROOT / "bench").rglob("*.py")
        if not path.is_relative_to(ROOT / "bench/machine")
        for what in read_directly(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert past == ALLOWED


def test_every_moment_that_is_told_is_known() -> None:
    kinds = {kind for of in (model, protocol) for kind in vars(of).values() if dataclasses.is_dataclass(kind)}
    told = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        if isinstance(kind, type)
        for field in dataclasses.fields(kind)
        if field.name.endswith("_ns")
    }
    assert told == MOMENTS
