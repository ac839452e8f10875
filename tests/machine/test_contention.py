"""What others use of the server's CPUs, as each kind of machine counts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.machine.contention import Contention
from bench.machine.place import CGROUPS, Place
from bench.model import UsageSource

STAT = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 30 1 1 7 7 7 0 0\ncpu1 200 10 40 1 1 7 7 7 0 0\nintr 5\n"
NOTHING = UsageSource("none")


@pytest.fixture
def machine(tmp_path: Path) -> Place:
    """One with two CPUs, and no cgroups yet."""
    write(Place(root=str(tmp_path)), "/proc/stat", STAT)
    return Place(root=str(tmp_path))


def write(machine: Place, path: str, text: str) -> None:
    file = Path(f"{machine.root}{path}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def read(cpus: tuple[int, ...], source: UsageSource, machine: Place) -> dict[str, float]:
    reader = Contention(cpus, source, machine)
    try:
        return reader.read()
    finally:
        reader.close()


def test_the_counters_of_each_kind_of_machine(machine: Place) -> None:
    assert read((0, 1), NOTHING, machine) == {"busy_s": pytest.approx(4.0)}
    assert read((1,), NOTHING, machine) == {"busy_s": pytest.approx(2.5)}
    write(machine, f"{CGROUPS}/cpu,cpuacct/cpuacct.usage_percpu", "1500000000 2000000000 \n")
    # That of a container says nothing of the others on the machine.
    assert read((1,), NOTHING, machine) == {"busy_s": pytest.approx(2.5)}
    write(machine, f"{CGROUPS}/cpu,cpuacct/release_agent", "")
    assert read((1,), NOTHING, machine) == {"busy_s": 2.0}
    assert read((), NOTHING, machine) == {}


def test_the_pressure_of_the_servers_own_cgroup(machine: Place) -> None:
    said = "some avg10=0.00 avg60=0.00 avg300=0.00 total=250000\nfull avg10=0.00 avg60=0.00 total=9\n"
    write(machine, f"{CGROUPS}/one/cpu.pressure", said)
    assert read((), UsageSource("cgroup2", "/one"), machine) == {"pressure_s": 0.25}
    assert read((), UsageSource("cgroup2", "/other"), machine) == {}
