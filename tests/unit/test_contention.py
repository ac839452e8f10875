"""What others use of the server's CPUs: the counters, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.analysis import analyse
from bench.analysis.lateness import was_late
from bench.load.records import encode
from bench.machine.contention import Contention
from bench.machine.usage import CGROUP_ROOT_VARIABLE
from bench.model import OtherProgram, Suite, Trial, UsageSource
from bench.report import text
from tests.make_suite import make_suite

STAT = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 30 1 1 7 7 7 0 0\ncpu1 200 10 40 1 1 7 7 7 0 0\nintr 5\n"
NOTHING = UsageSource("none")


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CGROUP_ROOT_VARIABLE, str(tmp_path))
    return tmp_path


def read(cpus: tuple[int, ...], source: UsageSource, stat: Path) -> dict[str, float]:
    reader = Contention(cpus, source, stat)
    try:
        return reader.read()
    finally:
        reader.close()


def test_the_counters_of_each_kind_of_machine(cgroups: Path) -> None:
    stat = cgroups / "stat"
    stat.write_text(STAT)
    assert read((0, 1), NOTHING, stat) == {"busy_s": pytest.approx(4.0)}
    assert read((1,), NOTHING, stat) == {"busy_s": pytest.approx(2.5)}
    own = cgroups / "cpu,cpuacct"
    own.mkdir()
    (own / "cpuacct.usage_percpu").write_text("1500000000 2000000000 \n")
    # That of a container says nothing of the others on the machine.
    assert read((1,), NOTHING, stat) == {"busy_s": pytest.approx(2.5)}
    (own / "release_agent").write_text("")
    assert read((1,), NOTHING, stat) == {"busy_s": 2.0}
    assert read((), NOTHING, stat) == {}


def test_the_pressure_of_the_servers_own_cgroup(cgroups: Path) -> None:
    (cgroups / "one").mkdir()
    said = "some avg10=0.00 avg60=0.00 avg300=0.00 total=250000\nfull avg10=0.00 avg60=0.00 total=9\n"
    (cgroups / "one/cpu.pressure").write_text(said)
    assert read((), UsageSource("cgroup2", "/one"), cgroups / "none") == {"pressure_s": 0.25}
    assert read((0,), UsageSource("cgroup2", "/other"), cgroups / "none") == {}


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
    assert analyse(busy) == analyse(quiet)
    said = validity(busy)
    assert "Other programs used 25 % of the server's CPU" in said
    assert "from 20 % beside a to 30 % beside b; no figure is corrected by that." in said
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


def test_a_late_generator_is_told_from_a_slow_server() -> None:
    suite = make_suite({"a": 3000.0}, rounds=1, blocks=10)
    waits = {case.id: case.load.waits for case in suite.plan.cases}
    trial: Trial = next(t for t in suite.trials if not waits[t.case])
    slow = encode(np.full(600, 5_000_000))
    assert not was_late(trial)
    assert was_late(replace(trial, histograms={**trial.histograms, "lateness/all": slow}))
    slower = encode(np.full(600, 90_000_000))
    assert not was_late(replace(trial, histograms={"latency/one": slower, "lateness/all": slow}))
    assert was_late(replace(trial, dropped=5, dropped_late=5))
    assert not was_late(next(t for t in suite.trials if waits[t.case]))
