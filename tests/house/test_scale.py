"""The figures of docs/scale.md are made by commands that work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scale import merging, shares

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scale.md").read_text()


def test_every_part_of_the_script_is_used_by_the_page() -> None:
    parts = set(re.findall(r"`scripts/scale (\w+)", PAGE))
    assert parts == set(re.findall(r"scripts/scale (\w+)", (ROOT / "scripts/scale").read_text()))


def test_shares_are_those_of_the_results_that_the_page_names(capsys: pytest.CaptureFixture[str]) -> None:
    """A new reference result has other ones: `scripts/scale shares results/reference/local`."""
    shares.main([ROOT / "results/reference/local"])
    alone, _, *lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines]
    printed = {case.partition("/")[0]: figures for case, *figures in rows}
    shown = re.findall(
        r"^\| (\w+) \| (?:kept|new) \| (\d+) us \| (\d+) us \| ([\d.]+) \|$", PAGE, re.MULTILINE
    )
    assert len(shown) == len(printed) - 1, "all but the twin"
    for name, server, generator, busy in shown:
        figures = printed[name.lower()]
        assert (server, generator, busy) == (figures[0], figures[1], figures[3])
    assert all(rate in PAGE for rate in re.findall(r"[\d,]{6,}", alone))


def test_parts_are_merged_by_as_many_workers(capsys: pytest.CaptureFixture[str]) -> None:
    merging.main([1, 3])
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[:3] for row in rows] == [
        ["1", "20,000", "closed"], ["3", "60,000", "closed"], ["1", "20,000", "open"], ["3", "60,000", "open"]
    ]  # fmt: skip


def test_a_part_has_every_request_once() -> None:
    part = merging.part("open", 0.1, seed=1)
    assert part.offered == part.ok == 2_000
    assert len(part.histograms) == 7
