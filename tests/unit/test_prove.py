"""The proof's own workings, and its shortest claims against real servers. No figure is judged here."""

from __future__ import annotations

import math
import os
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import MachineError, UsageError
from tests.truth.prove import coverage, delays, freezes, punctuality, standard
from tests.truth.prove.__main__ import PAGE, choose, forget, holds, is_tried, tried
from tests.truth.prove.claims import CLAIMS, Claim
from tests.truth.prove.coverage import Spread, covered, spread_of
from tests.truth.prove.figures import half, of_ratios
from tests.truth.prove.finding import Finding, Place, Row
from tests.truth.prove.freezes import simulated_s
from tests.truth.prove.table import MODES, insert, render


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def row_of(claim: Claim, finding: Finding) -> Row:
    return Row(claim.name, claim.title, claim.must_be, finding, "2026-01-01", "a machine", "full", 1.0)


def claim_that(finding: Finding | Exception) -> Claim:
    def prove(_place: Place) -> Finding:
        if isinstance(finding, Exception):
            raise finding
        return finding

    return replace(CLAIMS[0], full=prove, quick=prove)


def test_a_row_is_kept_as_it_is(place: Place) -> None:
    row = row_of(CLAIMS[0], Finding("5 | 6", True, "so", {"raw": [1.5, 2]}))
    assert place.load(row.claim) is None
    place.save(row)
    assert place.load(row.claim) == row


def test_what_was_tried_is_not_tried_again_and_what_could_not_be_is(place: Place) -> None:
    for finding, expected in ((Finding("", None, "no wrk"), False), (Finding("1", False), True)):
        place.save(row_of(CLAIMS[0], finding))
        assert is_tried(place, CLAIMS[0]) is expected
    assert not holds(place, CLAIMS[0])


def test_forgetting_a_run_forgets_every_claim_made_from_it(place: Place) -> None:
    shared = [claim for claim in CLAIMS if claim.runs == "standard"]
    for claim in CLAIMS:
        place.save(row_of(claim, Finding("1", True)))
    place.runs("standard").mkdir(parents=True)
    forget(place, shared[:1])
    assert not place.runs("standard").exists()
    assert [claim.name for claim in CLAIMS if not is_tried(place, claim)] == [c.name for c in shared]


def test_names_choose_claims_and_wrong_ones_are_named() -> None:
    assert choose(()) == list(CLAIMS)
    assert [claim.name for claim in choose(("memory", "delays"))] == ["delays", "memory"]
    with pytest.raises(UsageError, match="no claim delay"):
        choose(("delay",))


def test_a_claim_that_fails_is_a_row_with_the_reason(place: Place) -> None:
    row = tried(place, claim_that(MachineError("no free port")), "quick")
    assert (row.finding.holds, row.finding.note) == (None, "no free port")


def test_a_claim_that_does_not_hold_says_what_else_ran(place: Place) -> None:
    row = tried(place, claim_that(Finding("9 %", False, "the twin: 2 %")), "full")
    assert re.fullmatch(
        r"the twin: 2 %; other programs used \d+% of the machine, its host took \d+%", row.finding.note
    )


def test_the_page_has_a_place_for_each_table_and_keeps_the_rest() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for mode in MODES:
        with_table = insert(page, mode, "| a |\n")
        assert f"<!-- proof:{mode}:begin -->\n| a |\n<!-- proof:{mode}:end -->" in with_table
        assert len(with_table.splitlines()) < len(page.splitlines())
    with pytest.raises(UsageError, match="Put them back"):
        insert("# Nothing", "full", "")


def test_the_table_has_a_line_for_every_claim() -> None:
    rows = [row_of(CLAIMS[0], Finding("5 | 6", False, "noise")), *[None] * (len(CLAIMS) - 1)]
    lines = render(CLAIMS, rows, "full").splitlines()
    assert "a machine" in lines[0]
    assert len(lines) == 4 + len(CLAIMS)
    assert lines[4].endswith(r"| 5 \| 6 | no | noise | 2026-01-01 |")
    assert all("not tried" in line for line in lines[5:])


def test_simulated_waits() -> None:
    waits = simulated_s([0.0, 1.0, 1.2, 1.25, 3.0], [(1.1, 2.0)], service_s=0.1)
    assert waits == pytest.approx([0.1, 0.1, 0.9, 0.95, 0.1])


def test_the_ratio_of_some_pairs() -> None:
    found = of_ratios([1.1] * 6)
    assert (found.value, half(found)) == pytest.approx((1.1, 0.0))
    assert half(of_ratios([1.0, 1.1])) == 0.0, "two pairs give no interval"


def test_the_spread_of_a_run_is_found_again() -> None:
    draw = random.Random(3)
    rounds = {
        number: dict(enumerate(level + draw.gauss(0, 0.03) for _ in range(30)))
        for number in range(200)
        for level in [draw.gauss(1.0, 0.02)]
    }
    found = spread_of(rounds)
    assert found is not None
    assert found.restart_sd == pytest.approx(0.02, rel=0.2)
    assert float(found.residuals.std()) == pytest.approx(0.03, rel=0.05)
    assert spread_of({1: {0: 1.0}}) is None


def test_intervals_cover_what_they_should_and_not_what_they_should_not() -> None:
    draw = np.random.default_rng(1)
    assert 0.9 <= covered({"a": Spread(draw.normal(0, 0.03, 500), 0.01)}, 300, seed=1) <= 0.99
    assert covered({"a": Spread(draw.normal(0.1, 0.001, 500), 0.0)}, 30, seed=1) == 0.0


def test_claims_against_real_servers(place: Place) -> None:
    cpus = os.sched_getaffinity(0)
    waits = delays.prove(place, trials=1, length_s=0.3)
    sent = punctuality.prove(place, trials=1, length_s=0.2)
    frozen = freezes.prove(place, trials=1, periods=1, freeze_s=0.1, period_s=0.5)
    assert waits.raw["open p99"]["answers"] > 100
    assert all(found["sent"] for found in sent.raw.values())
    assert frozen.raw["true_s"] > frozen.raw["service_s"] > 0
    assert os.sched_getaffinity(0) == cpus, "the next claim has the whole machine again"


@pytest.mark.slow
def test_claims_that_share_a_run(place: Place) -> None:
    options = ("--servers", "waitress,gunicorn", "--rounds", "2", "--blocks", "2")
    width = standard.width(place, options=options)
    stored = (place.runs("standard") / "result.json").stat().st_mtime_ns
    assert list(width.raw) == ["waitress / gunicorn"]
    assert math.isfinite(width.raw["waitress / gunicorn"])
    assert standard.duration(place, options=options).raw["inside_s"] > 0
    samples = standard.memory(place, options=options).raw["seconds, harness bytes, driver bytes"]
    assert any(harness and driver for _, harness, driver in samples)
    assert coverage.prove(place, runs=20, options=options).raw["covered"]
    assert (place.runs("standard") / "result.json").stat().st_mtime_ns == stored
