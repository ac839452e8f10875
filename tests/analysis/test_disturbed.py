"""Blocks that say more of the machine than of the servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.analysis.cases import measured
from bench.analysis.disturbed import Repeats, Usual
from bench.model import LoadModel, Trial
from bench.report import text
from tests.make_suite import make_suite

SUITE = make_suite({"a": 3000.0, "b": 2000.0, "c": 1000.0}, rounds=1, blocks=10)


def blocks(model: LoadModel) -> list[list[Trial]]:
    loads = {case.id: case.load.model for case in SUITE.plan.cases}
    mine = [trial for trial in SUITE.trials if loads[trial.case] == model]
    return [[t for t in mine if t.block == block] for block in sorted({t.block for t in mine})]


def usual(model: LoadModel, number: int = 5) -> Usual:
    known = Usual()
    for index, block in enumerate((blocks(model) * number)[:number]):
        assert known.disturbed(index, model, block) == []
    return known


def standing(trial: Trial) -> Trial:
    return replace(trial, duration_s=trial.duration_s + 2.0, mean_s=(trial.mean_s or 0.0) + 2.0)


@pytest.mark.parametrize("model", ["closed", "open"])
def test_where_several_servers_stand_still_it_is_the_machine(model: LoadModel) -> None:
    block = blocks(model)[0]
    assert usual(model).disturbed(9, model, block) == []
    assert usual(model).disturbed(9, model, [standing(trial) for trial in block]) == [9]
    assert usual(model).disturbed(9, model, [standing(block[0]), *block[1:]]) == []
    assert usual(model).disturbed(9, model, [standing(block[0]), standing(block[1]), block[2]]) == [9]
    assert usual(model).disturbed(9, model, [standing(block[0]), block[1], standing(block[2])]) == []


def test_a_standstill_that_begins_with_the_last_trial_of_a_block_spoils_both() -> None:
    known, block = usual("closed"), blocks("closed")[0]
    assert known.disturbed(7, "closed", [block[0], block[1], standing(block[2])]) == []
    assert known.disturbed(8, "closed", [standing(block[0]), block[1], block[2]]) == [7, 8]
    assert known.disturbed(9, "closed", block) == []


def test_open_load_that_nobody_answers_tells_by_itself() -> None:
    """Unlike a rate that is too high, which is answered late or dropped."""
    silent = [replace(t, ok=0, unfinished=t.offered, mean_s=2.0) for t in blocks("open")[0]]
    flooded = [replace(t, ok=9, dropped=t.offered - 9, mean_s=0.5) for t in blocks("open")[0]]
    assert Usual().disturbed(0, "open", silent) == [0]
    assert Usual().disturbed(0, "open", flooded) == []


def test_every_server_much_slower_is_the_machine_too() -> None:
    known, block = usual("closed"), blocks("closed")[0]
    slower = [replace(trial, duration_s=trial.duration_s * 3.5) for trial in block]
    assert known.disturbed(9, "closed", slower) == [9]
    assert known.disturbed(10, "closed", [slower[0], slower[1], block[2]]) == []


def test_one_server_alone_has_nobody_to_be_compared_with() -> None:
    known, block = usual("closed"), blocks("closed")[0]
    assert known.disturbed(8, "closed", [standing(block[0])]) == []
    assert known.disturbed(9, "closed", [standing(block[0])]) == []
    assert known.disturbed(10, "closed", []) == []


def test_what_is_usual_has_to_be_known() -> None:
    block = [standing(trial) for trial in blocks("closed")[0]]
    assert usual("closed", 3).disturbed(9, "closed", block) == []


@pytest.mark.parametrize(
    ("takes_s", "whole_s", "allowed"), [(1.0, 3.0, 2), (1.0, 186.0, 18), (0.1, 186.0, 186)]
)
def test_a_tenth_more_time_may_be_measured_again(takes_s: float, whole_s: float, allowed: int) -> None:
    repeats = Repeats()
    assert sum(repeats.allow(takes_s, whole_s) for _ in range(200)) == allowed


def test_a_disturbed_block_is_kept_and_not_counted() -> None:
    spoiled = tuple(standing(t) if t.block == 3 else t for t in SUITE.trials)
    gap = {"reason": "disturbed", "round": SUITE.trials[0].round, "block": 3, "said": "It stood still."}
    suite = replace(SUITE, trials=spoiled, gaps=(gap,))
    without = replace(SUITE, trials=tuple(t for t in SUITE.trials if t.block != 3))
    assert "It stood still." in text.render(suite, analyse(suite))
    assert analyse(suite) == analyse(without)
    assert all(t.block != 3 for case in measured(suite).values() for t in case.trials)


def test_rounds_before_the_first_that_counts_are_kept_and_not_counted() -> None:
    made = make_suite({"a": 3000.0, "b": 2000.0}, rounds=4)
    suite = replace(made, plan=replace(made.plan, counted_from=3))
    without = replace(suite, trials=tuple(t for t in made.trials if t.round >= 3))
    assert analyse(suite) == analyse(without)
