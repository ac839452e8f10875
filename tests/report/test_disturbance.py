"""What a report says of other programs, and of what was measured again."""

from __future__ import annotations

from dataclasses import replace

from bench.analysis import analyse
from bench.model import OtherProgram, Suite
from bench.report import text
from tests.make_suite import make_suite


def validity(suite: Suite) -> str:
    return " ".join(text.render(suite, analyse(suite)).split())


def used(suite: Suite, shares: dict[str, float]) -> Suite:
    servers = {case.id: case.server for case in suite.plan.cases}
    trials = tuple(
        replace(t, host={**t.host, "others_s": shares[servers[t.case]] * t.duration_s}) for t in suite.trials
    )
    return replace(suite, trials=trials)


def test_others_are_said_and_no_figure_changes() -> None:
    quiet = make_suite({"a": 3000.0, "b": 2000.0}, rounds=2, blocks=6)
    busy = replace(
        used(quiet, {"a": 0.2, "b": 0.3}),
        others=(OtherProgram(1, "make", 0.9), OtherProgram(2, "make", 0.5), OtherProgram(2, "cat", 0.4)),
    )
    assert analyse(busy).summaries == analyse(quiet).summaries
    assert [pair.ratio for pair in analyse(busy).comparisons] == [
        pair.ratio for pair in analyse(quiet).comparisons
    ]
    said = validity(busy)
    assert "Other programs used 25 % of the server's CPU" in said
    assert "from 20 % beside a to 30 % beside b; no figure is corrected by that. Where they used" in said
    assert "here by up to 14 %: a difference that this may explain counts as a tie. Busiest" in said
    assert "Busiest on the machine were make (0.700 CPUs) and cat (0.200 CPUs)." in said
    assert "beside a" not in validity(used(quiet, {"a": 0.2, "b": 0.21}))
    assert "Other programs" not in validity(used(quiet, {"a": 0.004, "b": -0.002}))
    assert "Other programs" not in validity(quiet)


def test_how_many_blocks_were_measured_again_is_said_and_why() -> None:
    suite = make_suite({"a": 3000.0, "b": 2000.0}, rounds=2, blocks=6)
    gaps = tuple(
        {"reason": "disturbed", "why": why, "round": 1, "block": number, "said": f"Block {number}."}
        for number, why in enumerate(("still", "late", "late", "late", "late"))
    )
    said = validity(replace(suite, gaps=gaps))
    assert (
        "5 blocks were measured again: 1 since the servers stood still and 4 since the load generator" in said
    )
    assert "Block 2." in said
    assert "Block 3." not in said
    assert "1 block was measured again: 1 since the load generator was late." in validity(
        replace(suite, gaps=gaps[1:2])
    )
