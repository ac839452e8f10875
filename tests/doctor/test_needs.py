"""What a plan needs of this machine's limits, and what is said where it isn't there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.catalogue.scenarios import SCENARIOS
from bench.deploy.external import target_server
from bench.doctor.cgroup import tasks_left
from bench.doctor.needs import needs, problems
from bench.machine.place import Place
from bench.model import App, Connection, Plan
from bench.model.shortage import USUAL_FILES
from bench.plan.layout import PROFILES, make_plan
from tests.doctor.test_doctor import HEALTHY

ROOT = Path(__file__).parents[2]
APP = App("external", "", ("hello",), redis=False, seed=())


def plan_of(
    users: int = 16,
    *,
    targets: int = 1,
    processes: int = 1,
    connection: Connection = "as-is",
    rate: float | None = None,
    runtime: str = "external",
) -> Plan:
    profile = replace(PROFILES["smoke"], users=(users,), connections=(connection,))
    servers = [target_server(f"t{n}", f"http://127.0.0.1:{8000 + n}") for n in range(targets)]
    combinations = [(APP, SCENARIOS["hello"])]
    return make_plan(profile, runtime, servers, combinations, seed=1, rate=rate, processes=processes)


def said(plan: Plan, *, threads: int | None = None, **changes: Any) -> list[str]:
    return problems(plan, replace(HEALTHY, **changes), threads)


def test_a_usual_machine_has_what_usual_runs_need() -> None:
    for runtime in ("external", "local", "compose"):
        plan = plan_of(64, targets=6, runtime=runtime)
        assert said(plan, open_files=(1024, 1024), threads=1000, memory_left_bytes=1 << 30) == []


def test_descriptors_that_the_hard_limit_forbids() -> None:
    [problem] = said(plan_of(1500), open_files=(1024, 1024))
    assert problem == (
        "This run opens 1,572 files and connections in one process, and 1,024 are allowed (ulimit -n). Run "
        "`ulimit -n 4096` first (where the shell refuses, raise nofile in /etc/security/limits.conf, or use "
        "`docker run --ulimit nofile=4096`), or use fewer --users or servers, or more --processes."
    )
    assert said(plan_of(1500), open_files=(1024, 4096)) == []
    assert said(plan_of(1500), open_files=(1024, -1)) == []


def test_each_process_has_its_share_of_the_connections_to_every_server() -> None:
    alone, four = needs(plan_of(1500), 2), needs(plan_of(1500, targets=4), 2)
    assert four.files >= 4 * 1500
    assert needs(plan_of(1500, processes=2), 2).files == alone.files - 750
    # A server that closes leaves none open between its trials.
    assert needs(plan_of(1500, targets=4, connection="close"), 2).files < 2 * 1500


def test_a_server_that_is_a_child_has_one_for_each_connection_too() -> None:
    plan = plan_of(1500, processes=4)
    assert said(plan, open_files=(1024, 1024)) == []
    [problem] = said(replace(plan, runtime="local"), open_files=(1024, 1024))
    assert "`ulimit -n 4096`" in problem


def test_open_load_may_have_as_many_as_its_cap() -> None:
    [problem] = said(plan_of(1), open_files=(200, 200))
    assert "files and connections" in problem


def test_containers_have_limits_of_their_own() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert compose["services"]["driver"]["ulimits"]["nofile"] == USUAL_FILES
    plan = plan_of(4000, targets=2, runtime="compose")
    [problem] = said(plan, open_files=(20, 20), ports=(1, 2), threads=0)
    assert "`ulimits: {nofile: 8192}` of the service driver" in problem


@pytest.mark.parametrize("connection", ["as-is", "close"])
def test_too_few_local_ports(connection: Connection) -> None:
    [problem] = said(plan_of(connection=connection), ports=(40000, 40200))
    assert problem == (
        "This run takes 1,256 local ports within a second, and there are 201 (40000 to 40200). Run `sudo "
        'sysctl -w net.ipv4.ip_local_port_range="10240 65535"`, or use fewer --users or a lower --rate.'
    )


def test_a_rate_that_takes_more_ports_than_there_are() -> None:
    assert said(plan_of(rate=20_000.0, connection="close")) == []
    [problem] = said(plan_of(rate=50_000.0, connection="close"))
    assert "lower --rate" in problem


def test_too_little_memory_and_too_few_threads() -> None:
    memory, threads = said(plan_of(processes=8), memory_left_bytes=100 << 20, threads=10)
    assert memory.startswith("The load generator alone needs 516.0 MiB of memory, and 100.0 MiB are left.")
    assert "10 more are allowed" in threads
    assert "`ulimit -u 4096`" in threads


def test_threads_that_cgroups_leave(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    machine, root = Place(root=str(tmp_path)), tmp_path / "sys/fs/cgroup"
    (root / "a/b").mkdir(parents=True)
    (root / "cgroup.controllers").write_text("pids\n")
    assert tasks_left(machine) is None
    for place, limit, used in (("a", "100", "90"), ("a/b", "max", "5")):
        (root / place / "pids.max").write_text(limit)
        (root / place / "pids.current").write_text(used)
    assert tasks_left(machine) == 10


SCRIPT = """
import resource
from bench.doctor import read_facts
from bench.doctor.needs import provide
from pathlib import Path
from tests.doctor.test_needs import plan_of
provide(plan_of(700), read_facts(Path("results"), quick=True))
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("hard", "after"), [(4096, 1472), (1000, 1000)])
def test_a_soft_limit_is_raised_as_far_as_the_hard_one_lets_it(hard: int, after: int) -> None:
    shell = f'ulimit -Sn 300 && ulimit -Hn {hard} && exec "$@"'
    ended = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == f"({after}, {hard})"
