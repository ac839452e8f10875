"""Clocks that are compared, and files that are read below a root."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench.machine.place import Clock, Place, compare


def test_the_quickest_answer_says_how_far_a_clock_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns, offset_ns = 0, -7_000

    def passes(ns: int) -> None:
        nonlocal now_ns
        now_ns += ns

    # How long each question and each answer is under way.
    ways = iter([(900, 100), (20, 20), (50, 500), (300, 300), (30, 400)])

    def ask() -> int:
        there, back = next(ways)
        passes(there)
        said = now_ns + offset_ns
        passes(back)
        return said

    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)

    assert compare(ask) == Clock(offset_ns)
    assert Clock(offset_ns).there(10_000) == 3_000
    assert Clock(offset_ns).now_ns() == now_ns + offset_ns


def test_a_place_is_read_below_its_root(tmp_path: Path) -> None:
    (tmp_path / "proc/12").mkdir(parents=True)
    (tmp_path / "proc/12/stat").write_text("12 (x) S\n")
    planted = Place(root=str(tmp_path))

    assert planted.of_process(12, "stat") == "12 (x) S\n"
    assert planted.text("/proc/12/stat") == "12 (x) S"
    assert planted.lives(12)
    assert not planted.lives(13)
    assert planted.text("/proc/13/stat") is None
    assert planted.entries("/proc") == ["12"]
    with pytest.raises(FileNotFoundError):
        planted.entries("/sys")
