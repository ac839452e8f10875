"""How many workers servers get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.ask.serverspec import read_servers
from bench.catalogue.registry import load_servers
from bench.model import CpuSplit, Server
from bench.model.errors import UsageError
from bench.model.surroundings import Limits
from bench.plan.workers import in_words, read_workers, usable, with_workers
from bench.report import FORMATS
from tests.make_suite import make_suite

KNOWN = load_servers(Path(__file__).parents[2] / "docker-compose.yml", {})
SPECS = ("gunicorn:workers=2", "u8=uwsgi:threads=8", "mine=gunicorn x:y -b {bind}")


def given(asked: str | None, cpus: int) -> dict[str, Server]:
    servers = (*KNOWN.values(), *read_servers(SPECS, KNOWN, Path()))
    return {server.name: server for server in with_workers(servers, asked, cpus)}


def test_auto_is_what_each_servers_documentation_begins_with() -> None:
    assert {name: server.workers for name, server in given("auto", 4).items()} == {
        "gunicorn": 4,
        "gunicorn-sync": 9,
        "uwsgi": 4,
        "granian": 4,
        "u8": 4,
        "gunicorn-2w": 2,
        "mine": None,
        **dict.fromkeys(("wsgiref", "wsgiref-threaded", "werkzeug", "waitress", "cheroot"), 1),
    }


def test_a_number_is_for_all_that_can_have_several() -> None:
    servers = given("3", 8)
    assert {name for name, server in servers.items() if server.workers == 3} == {
        "gunicorn", "gunicorn-sync", "uwsgi", "granian", "u8"
    }  # fmt: skip
    assert servers["uwsgi"].environment["WORKERS"] == "3"
    assert servers["uwsgi"].threads == KNOWN["uwsgi"].threads


def test_without_it_servers_are_as_the_compose_file_has_them() -> None:
    assert all(server is KNOWN[name] for name, server in given(None, 8).items() if name in KNOWN)


@pytest.mark.parametrize("text", ["0", "-1", "1025", "two", "", "1.5", "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_number_of_workers_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"auto, or a number from 1 to 1,024"):
        read_workers(text)


@pytest.mark.parametrize(("limit", "number"), [(None, 3), (0.5, 1), (1.5, 2), (2.0, 2), (8.0, 3)])
def test_limits_count_among_the_cpus_that_a_server_can_use(limit: float | None, number: int) -> None:
    assert usable(CpuSplit((1, 2, 3), (0,), (0,)), Limits(limit)) == number


def test_the_report_says_what_auto_has_chosen_and_why() -> None:
    suite = make_suite({"gunicorn": 3000.0, "gunicorn-sync": 2000.0, "waitress": 3000.0})
    servers = {server.name: server for server in with_workers(KNOWN.values(), "auto", 2)}
    deployments = tuple(replace(one, server=servers[one.server.name]) for one in suite.plan.deployments)
    plan = replace(suite.plan, deployments=deployments, given={"workers": "auto"}, runtime="local")
    split = CpuSplit((2, 3), (0,), (1,))
    suite = replace(suite, plan=plan, environment=replace(suite.environment, cpu_split=split))

    said = "gunicorn: 2, one for each CPU; gunicorn-sync: 5, 2 x 2 CPUs + 1; waitress: 1, which is fixed"
    assert in_words(plan, split) == said
    assert f"| Workers, by --workers auto | {said} |" in FORMATS["md"](suite, analyse(suite))
    assert in_words(replace(plan, given={"workers": "2"}), split) is None
