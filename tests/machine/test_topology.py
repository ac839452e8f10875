"""Machines of all sizes, as their kernels describe them, and who gets which of their CPUs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import pytest

from bench.machine.environment import split_cpus
from bench.machine.place import Place
from bench.machine.topology import Core, cores
from tests.machine.test_dealing import require_good, roles


@dataclass(frozen=True)
class Planted(Place):
    """A machine of which some CPUs may be used, with its files below `root`."""

    usable: tuple[int, ...] = ()

    def cpus(self) -> tuple[int, ...]:
        return self.usable


@dataclass(frozen=True)
class Machine:
    """What a kernel says.

    Attributes:
        threads: of each core.
        nodes: the CPUs of each NUMA node, as its file lists them.
        usable: the CPUs that affinity and cpuset leave; None for all.
        files: further ones, by their path below /sys/devices.
    """

    threads: Sequence[tuple[int, ...]]
    nodes: Sequence[str] = ()
    usable: Collection[int] | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def at(self, root: Path) -> Planted:
        """The machine, with its files below a folder."""
        texts = {
            **{
                f"system/cpu/cpu{cpu}/topology/thread_siblings_list": ",".join(map(str, core))
                for core in self.threads
                for cpu in core
            },
            **{f"system/node/node{number}/cpulist": listed for number, listed in enumerate(self.nodes)},
            **self.files,
        }
        for name, text in texts.items():
            path = root / "sys/devices" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        every = (cpu for core in self.threads for cpu in core)
        return Planted(root=str(root), usable=tuple(sorted(every if self.usable is None else self.usable)))


def pairs(number: int) -> list[tuple[int, int]]:
    """Cores of two threads, as Linux numbers them: the second ones after all first ones."""
    return [(core, core + number) for core in range(number)]


TWO_SOCKETS = Machine(pairs(32), ("0-15,32-47", "16-31,48-63"))
ARM = Machine([(cpu,) for cpu in range(64)], ("0-15", "16-31", "32-47", "48-63"))
HYBRID = Machine(
    [*((2 * core, 2 * core + 1) for core in range(8)), *((cpu,) for cpu in range(16, 32))],
    ["0-31"],
    files={"cpu_core/cpus": "0-15", "cpu_atom/cpus": "16-31"},
)
LARGE = Machine(pairs(96), ("0-23,96-119", "24-47,120-143", "48-71,144-167", "72-95,168-191"))
# Node 2 is memory alone; CPUs 3 and 11 are offline, and there never was a CPU 5.
HOLES = Machine([(0, 8), (1, 9), (2, 10), (4, 12), (6, 14), (7, 15)], ("0-2,8-10", "4,6-7,12,14-15", ""))
PARTLY = replace(TWO_SOCKETS, usable=[0, 1, 2, 3, 34, 4, 36, 5])
MACHINES = {
    "2": Machine([(0,), (1,)], ["0-1"]),
    "2x2": Machine(pairs(2), ["0-3"]),
    "16": Machine([(cpu,) for cpu in range(16)], ["0-15"]),
    "2 nodes of 16x2": TWO_SOCKETS,
    "4 nodes of 16": ARM,
    "4 nodes of 24x2": LARGE,
    "8 fast and 16 slow ones": HYBRID,
    "holes": HOLES,
    "cpuset": replace(TWO_SOCKETS, usable=[*range(4, 12), *range(36, 44)]),
    "cpuset over nodes": replace(TWO_SOCKETS, usable=[14, 46, 15, 47, *range(16, 24), *range(48, 56)]),
    "a thread of a core": PARTLY,
}


@pytest.mark.parametrize("machine", MACHINES)
def test_what_holds_of_any_machine(machine: str, tmp_path: Path) -> None:
    """With the usual share, and with every number of CPUs that can be asked for, of many with each fourth."""
    place = MACHINES[machine].at(tmp_path)
    usable = len(place.usable)
    for elsewhere, asked in product((False, True), (None, *range(1, usable, 1 if usable < 100 else 4))):
        split = split_cpus(place, server=asked, elsewhere=elsewhere)
        require_good(split, cores(place), asked, elsewhere=elsewhere)
        assert set().union(*roles(split)) <= set(place.usable)


def test_a_server_keeps_to_a_node_and_its_load_to_another(tmp_path: Path) -> None:
    split = split_cpus(TWO_SOCKETS.at(tmp_path))
    assert set(split.server) == {*range(16, 32), *range(48, 64)}
    assert set(split.generator) == {*range(6), *range(32, 38)}
    assert split.store == (6, 38)
    assert split.notes == (
        "CPUs 7-15, 39-47 are nobody's: the server stays on one kind of cores of one NUMA node, and one CPU "
        "makes the load of 3 of a server's. --server-cpus gives servers more.",
    )


def test_a_server_of_60_cpus_spans_nodes_and_that_is_said(tmp_path: Path) -> None:
    split = split_cpus(TWO_SOCKETS.at(tmp_path), server=60)
    assert (split.generator, split.store) == ((0, 32), (1, 33))
    assert [note.partition(":")[0] for note in split.notes] == ["The server's 60 CPUs are of NUMA nodes 0, 1"]


def test_all_but_a_core_when_load_comes_from_elsewhere(tmp_path: Path) -> None:
    split = split_cpus(ARM.at(tmp_path), elsewhere=True)
    assert (len(split.server), split.generator, split.store) == (63, (0,), (0,))
    assert [note.partition(":")[0] for note in split.notes] == ["The server's 63 CPUs are of NUMA nodes 0-3"]


def test_a_server_of_a_hybrid_processor_has_the_faster_cores(tmp_path: Path) -> None:
    place = HYBRID.at(tmp_path)
    split = split_cpus(place)
    assert split.server == tuple(range(16))
    assert (split.generator, split.store) == (tuple(range(16, 22)), (22,))
    assert "CPUs are of 2 kinds: 0-15 are faster than 28-31" in split_cpus(place, server=20).notes[0]


def test_capacities_tell_the_kinds_of_arms_cores(tmp_path: Path) -> None:
    capacities = {f"system/cpu/cpu{cpu}/cpu_capacity": str(446 if cpu < 4 else 1024) for cpu in range(8)}
    split = split_cpus(Machine([(cpu,) for cpu in range(8)], files=capacities).at(tmp_path))
    assert (set(split.server), split.generator, split.store) == ({4, 5, 6, 7}, (0, 1), (2,))


def test_what_a_cpuset_leaves_is_read(tmp_path: Path) -> None:
    place = PARTLY.at(tmp_path)
    assert cores(place) == [Core(cpus) for cpus in [(0,), (1,), (2, 34), (3,), (4, 36), (5,)]]


def test_a_machine_of_one_cpu_shares_it(tmp_path: Path) -> None:
    assert roles(split_cpus(Machine([(0,)], ["0"]).at(tmp_path))) == ({0}, {0}, {0})


def test_without_any_file_each_cpu_is_a_core() -> None:
    assert cores(Planted(root="/nowhere", usable=(3, 7))) == [Core((3,)), Core((7,))]


def test_nodes_without_cpus_and_holes_are_no_trouble(tmp_path: Path) -> None:
    split = split_cpus(HOLES.at(tmp_path))
    assert (set(split.server), split.generator, split.store) == ({4, 12, 6, 14, 7, 15}, (0, 8), (1, 9))
