"""What others use of the server's CPUs, as each kind of machine counts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.machine.contention import Contention
from bench.machine.usage import CGROUP_ROOT_VARIABLE
from bench.model import UsageSource

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
