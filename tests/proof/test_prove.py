"""The proof's own workings, and its shortest claims against real servers. No figure is judged here."""

from __future__ import annotations

import json
import math
import os
import random
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from bench.analysis.estimate import Effect, Values
from bench.model import Comparison, Estimate, Subject
from bench.model.errors import MachineError, UsageError
from proof import delays, freezes, punctuality, slower, twins
from proof.__main__ import PAGE, RESULTS, choose, forget, holds, is_tried, tried
from proof.claim import Claim
from proof.claims import CLAIMS
from proof.coverage import covered, simulated_round
from proof.evidence import Archive, Evidence, Row
from proof.figures import Spread, half, location, near_one, of_ratios, spread_of
from proof.freezes import simulated_s
from proof.published import Published
from proof.table import MODES, insert, render


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path)


def row_of(claim: Claim, evidence: Evidence) -> Row:
    return Row(claim.name, claim.title, claim.must_be, evidence, "2026-01-01", "a machine", "full", 1.0)


def claim_that(evidence: Evidence | Exception) -> Claim:
    def prove(_archive: Archive) -> Evidence:
        if isinstance(evidence, Exception):
            raise evidence
        return evidence

    return replace(CLAIMS[0], full=prove, quick=prove)


def test_a_row_is_kept_as_it_is(archive: Archive) -> None:
    row = row_of(CLAIMS[0], Evidence("5 | 6", True, "so", {"raw": [1.5, 2]}))
    assert archive.load(row.claim) is None
    archive.save(row)
    assert archive.load(row.claim) == row


def test_what_another_machine_reached_stays(published: Published) -> None:
    row = row_of(CLAIMS[0], Evidence("5", True, "", {"raw": [1.5]}))
    other = replace(row, machine="4 x other, Linux 6", evidence=Evidence("4", False, "noise"))
    published.add(row)
    published.add(other)
    assert published.rows(row.claim) == [other, replace(row, evidence=Evidence("5", True))]
    newer = replace(other, machine="4 x other, Linux 7", evidence=Evidence("6", True))
    published.add(newer)
    assert newer in published.rows(row.claim)
    assert other not in published.rows(row.claim)


def test_what_could_not_be_tried_takes_no_row_s_place(published: Published) -> None:
    row = row_of(CLAIMS[0], Evidence("5", True))
    untried = replace(row, evidence=Evidence("", None, "no wrk"))
    published.add(untried)
    assert published.rows(row.claim) == [untried]
    published.add(row)
    published.add(untried)
    published.add(replace(untried, machine="another one"))
    assert published.rows(row.claim) == [row]


def test_the_page_shows_what_is_published() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for mode in MODES:
        assert insert(page, mode, render(Published.of(RESULTS, mode), mode)) == page


def test_what_was_tried_is_not_tried_again_and_what_could_not_be_is(archive: Archive) -> None:
    for evidence, expected in ((Evidence("", None, "no wrk"), False), (Evidence("1", False), True)):
        archive.save(row_of(CLAIMS[0], evidence))
        assert is_tried(archive, CLAIMS[0]) is expected
    assert not holds(archive, CLAIMS[0])


def test_forgetting_a_run_forgets_every_claim_made_from_it(archive: Archive) -> None:
    shared = [claim for claim in CLAIMS if "standard" in claim.runs]
    for claim in CLAIMS:
        archive.save(row_of(claim, Evidence("1", True)))
    archive.runs("standard").mkdir(parents=True)
    forget(archive, shared[:1])
    assert not archive.runs("standard").exists()
    assert [claim.name for claim in CLAIMS if not is_tried(archive, claim)] == [c.name for c in shared]


def test_a_claim_without_runs_is_forgotten_by_itself(archive: Archive) -> None:
    simulated = next(claim for claim in CLAIMS if not claim.runs)
    for claim in CLAIMS:
        archive.save(row_of(claim, Evidence("1", True)))
    forget(archive, [simulated])
    assert [claim for claim in CLAIMS if not is_tried(archive, claim)] == [simulated]


def test_names_choose_claims_and_wrong_ones_are_named() -> None:
    assert choose(()) == list(CLAIMS)
    assert [claim.name for claim in choose(("memory", "delays"))] == ["delays", "memory"]
    with pytest.raises(UsageError, match="no claim delay"):
        choose(("delay",))


def test_a_claim_that_fails_is_a_row_with_the_reason(archive: Archive) -> None:
    row = tried(archive, claim_that(MachineError("no free port")), "quick")
    assert (row.evidence.holds, row.evidence.note) == (None, "no free port")
    assert row.evidence.word == "not tried"


def test_a_claim_that_does_not_hold_says_what_else_ran(archive: Archive) -> None:
    row = tried(archive, claim_that(Evidence("9 %", False, "the twin: 2 %")), "full")
    assert re.fullmatch(
        r"the twin: 2 %; other programs used \d+% of the machine, its host took \d+%", row.evidence.note
    )


def test_the_page_has_a_place_for_each_table_and_keeps_the_rest() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for mode in MODES:
        with_table = insert(page, mode, "| a |\n")
        assert f"<!-- proof:{mode}:begin -->\n| a |\n<!-- proof:{mode}:end -->" in with_table
        assert len(with_table.splitlines()) < len(page.splitlines())
    with pytest.raises(UsageError, match="Put them back"):
        insert("# Nothing", "full", "")


def test_the_table_has_a_line_for_every_claim(published: Published) -> None:
    published.add(row_of(CLAIMS[0], Evidence("5 | 6", False, "noise")))
    lines = render(published, "full").splitlines()
    assert len(lines) == 4 + len(CLAIMS)
    assert lines[4].endswith(r"| 5 \| 6 | no | noise | 2026-01-01 | a machine |")
    assert all("not tried" in line for line in lines[5:])


def test_simulated_waits() -> None:
    waits = simulated_s([0.0, 1.0, 1.2, 1.25, 3.0], [(1.1, 2.0)], service_s=0.1)
    assert waits == pytest.approx([0.1, 0.1, 0.9, 0.95, 0.1])


def test_the_ratio_of_some_pairs() -> None:
    found = of_ratios([1.1] * 6)
    assert (found.value, half(found)) == pytest.approx((1.1, 0.0))
    assert half(of_ratios([1.0, 1.1])) == 0.0, "two pairs give no interval"


def ratio(value: float, half_width: float) -> Estimate:
    return Estimate(value, value / (1 + half_width), value * (1 + half_width))


@pytest.mark.parametrize(
    ("found", "holds", "note"),
    [
        ([ratio(1.02, 0.01), ratio(0.96, 0.02)], True, ""),
        ([ratio(1.02, 0.01), ratio(0.94, 0.02)], False, "outside: 1"),
        ([ratio(1.0, 0.01), ratio(1.0, 0.035)], None, "too noisy: ±3.5%"),
        ([ratio(1.1, 0.01), ratio(1.0, 0.2)], False, "outside: 0"),
        ([ratio(1.0, 0.01), Estimate(1.0)], None, "too few pairs for an interval: 1"),
    ],
)
def test_noise_does_not_make_a_ratio_one(found: list[Estimate], holds: bool | None, note: str) -> None:
    assert near_one({str(number): e for number, e in enumerate(found)}, 0.03) == (holds, note)


def compared(figure: str, better: bool | None) -> Comparison:
    a, b = (Subject(id_, id_, "shortly", ("mixed",), "closed load of 16 users") for id_ in "ab")
    return Comparison(figure, a, b, 1020.0, 1000.0, 1.02, 1.01, 1.03, 0.01, better)


def of_twins(claims: int, ties: int, runs: int = 20, tails: str = "p99") -> Evidence:
    """Of throughput so many of each; of the other figures a tie in each run."""
    found = [compared("throughput", True)] * claims + [compared("throughput", None)] * ties
    found += [compared(figure, None) for figure in ("cpu", "p50", tails) for _ in range(runs)]
    return twins.judged(found, runs)


@pytest.mark.parametrize(
    ("claims", "ties", "holds"),
    [(0, 20, True), (1, 19, True), (2, 18, False), (0, 0, None), (0, 19, None), (0, 21, None)],
)
def test_twins_hold_only_with_a_comparison_a_run(claims: int, ties: int, holds: bool | None) -> None:
    found = of_twins(claims, ties)
    assert found.holds is holds
    assert ("each must give one" in found.note) == (holds is None)
    shown = f"throughput {claims} of {claims + ties}, cpu 0 of 20, p50 0 of 20, p95 or p99 0 of 20"
    assert found.reached == shown
    assert json.loads(json.dumps(asdict(found)))["raw"]["comparisons"]["cpu"] == 20


@pytest.mark.parametrize("figure", ["cpu", "p50", "p95", "p99"])
def test_twins_hold_in_every_figure_or_not_at_all(figure: str) -> None:
    names = ["throughput", "cpu", "p50", "p99"]
    found = [compared(name, None) for name in names for _ in range(40)]
    claimed = [compared(figure, True)] * 3
    left = [one for one in found if one.figure != (figure if figure != "p95" else "p99")]
    ties = [compared(figure, None)] * 37
    assert twins.judged(found, 40).holds
    assert twins.judged([*left, *claimed, *ties], 40).holds is False


def test_false_claims_may_be_chance_and_the_note_says_how_easily() -> None:
    assert "2 or more of 20 happen in 26% of tries" in of_twins(2, 18).note
    assert "3 or more of 20 happen in 8% of tries" in of_twins(3, 17, tails="p95").note
    assert "tries" not in of_twins(1, 19).note


def measured_slower(share: float) -> Effect:
    return Effect(math.log(1 - share), 0.001, 60)


@pytest.mark.parametrize(
    ("found", "rates", "holds"),
    [
        ((9, 10), (measured_slower(0.038), measured_slower(0.042)), True),
        ((8, 10), (measured_slower(0.03), measured_slower(0.05)), False),
        ((10, 9), (measured_slower(0.03), measured_slower(0.05)), False),
        ((10, 10), (measured_slower(0.042), measured_slower(0.05)), False),
        ((10, 10), (measured_slower(0.03), measured_slower(0.038)), False),
        ((10, 10), (measured_slower(-0.03), measured_slower(0.05)), False),
        ((10, 10), (measured_slower(0.03), None), None),
    ],
)
def test_a_plant_is_found_only_if_it_was_the_right_one(
    found: tuple[int, int], rates: tuple[Effect | None, Effect | None], holds: bool | None
) -> None:
    shares = list(slower.SLOWER)
    counts = dict(zip(shares, found, strict=True))
    verdict, note = slower.judged(counts, dict(zip(shares, rates, strict=True)), 10)
    assert verdict is holds
    assert bool(note) == (min(found) == 10)


def test_a_note_says_how_large_a_wrong_plant_was() -> None:
    note = slower.judged({0.03: 10}, {0.03: measured_slower(0.07)}, 10)[1]
    assert note == "the plant was wrong: 3% was 7.0%"


def test_a_wrong_rate_is_more_than_a_poisson_count_varies() -> None:
    assert punctuality.allowed(400_000) == pytest.approx(0.005 + 3 / 632.4555)
    draw = np.random.default_rng(1)
    for asked in (20_000, 400_000):
        off = draw.poisson(asked, 300) / asked - 1
        assert (abs(off) <= punctuality.allowed(asked)).all()
        assert (abs(off + 0.05) > punctuality.allowed(asked)).all()


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
    assert found.block_sd == pytest.approx(0.03, rel=0.05)
    assert len(found.rounds) == 200
    assert all(location(real.tolist()) == pytest.approx(0, abs=1e-12) for real in found.rounds)
    assert spread_of({1: {0: 1.0}}) is None


def test_rounds_of_few_blocks_do_not_seem_to_vary_less() -> None:
    draw = random.Random(4)
    spread = spread_of({number: {0: draw.gauss(0, 0.03), 1: draw.gauss(0, 0.03)} for number in range(4000)})
    assert spread is not None
    assert spread.block_sd == pytest.approx(0.03, rel=0.05)


def test_a_round_keeps_its_blocks_in_their_order() -> None:
    found = spread_of({number: {block: 10.0 * number + block for block in (3, 1, 2)} for number in (1, 2)})
    assert found is not None
    assert [np.diff(real).tolist() for real in found.rounds] == [[1.0, 1.0]] * 2


def neighbours(values: Values) -> float:
    """How alike neighbours are, 0 to 1."""
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


def test_simulated_rounds_keep_moods_and_still_vary() -> None:
    mood = np.sin(np.arange(30) / 30 * 2 * math.pi)
    draw = np.random.default_rng(1)
    rounds = [simulated_round(Spread((mood, mood * 2), 0.0), 30, draw) for _ in range(200)]
    assert np.mean([neighbours(real) for real in rounds]) > 0.7
    assert neighbours(draw.permutation(mood)) < 0.5
    assert np.std([location(real.tolist()) for real in rounds]) > 0.1


def test_a_short_round_is_followed_by_another() -> None:
    real = tuple(np.full(length, float(length)) for length in (7, 10))
    draw = np.random.default_rng(1)
    rounds = [simulated_round(Spread(real, 0.0), 30, draw) for _ in range(20)]
    assert {len(found) for found in rounds} == {30}
    assert any(len(set(found)) == 2 for found in rounds)


def test_intervals_cover_what_they_should_and_not_what_they_should_not() -> None:
    draw = np.random.default_rng(1)
    rounds = tuple(draw.normal(0, 0.03, (20, 30)))
    assert 0.9 <= covered({"a": Spread(rounds, 0.01)}, 300, seed=1) <= 0.99
    assert 0.9 <= covered({"a": Spread(rounds, 0.0)}, 300, seed=1) <= 0.99
    assert covered({"a": Spread(tuple(0.1 + real / 30 for real in rounds), 0.0)}, 30, seed=1) == 0.0


@pytest.mark.slow
def test_claims_against_real_servers(archive: Archive) -> None:
    cpus = os.sched_getaffinity(0)
    waits = delays.prove(archive, trials=1, length_s=0.3)
    sent = punctuality.prove(archive, trials=1, length_s=0.2)
    frozen = freezes.prove(archive, trials=1, periods=1, freeze_s=0.1, period_s=0.5)
    assert waits.raw["open p99"]["answers"] > 0
    assert all(found["sent"] for found in sent.raw.values())
    assert frozen.raw["true_s"] > frozen.raw["service_s"] > 0
    assert os.sched_getaffinity(0) == cpus, "the next claim has the whole machine again"
