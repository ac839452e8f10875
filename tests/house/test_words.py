"""What newcomers stumbled over in reports and documents."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bench.analysis import analyse
from bench.ask.settings import SETTINGS
from bench.catalogue.registry import load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.cli.running import run
from bench.deploy.composefile import run_file
from bench.deploy.networks import choose
from bench.load import content
from bench.load.explain import _expected
from bench.model import CpuSplit, Suite
from bench.model.variant import THIS_CHECKOUT
from bench.plan.layout import PROFILES
from bench.report import FORMATS
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
METHODOLOGY = (ROOT / "docs/methodology.md").read_text()


def rendered(suite: Suite, name: str) -> str:
    return FORMATS[name](suite, analyse(suite))


@pytest.mark.parametrize("name", ["text", "md", "html"])
def test_smoke_calls_nothing_valid(name: str) -> None:
    said = rendered(make_suite({"a": 3000.0}, rounds=1, blocks=1, claims=False), name)

    assert "2 of 2 cases worked; how well, this profile doesn" in said
    assert "cases valid" not in said
    assert "2 of 2 cases valid." in rendered(make_suite({"a": 3000.0}), name)


def with_real_server(runtime: str) -> Suite:
    """With a server as the compose file has it."""
    suite = make_suite({"gunicorn": 3000.0})
    server = load_servers(ROOT / "docker-compose.yml", {})["gunicorn"]
    deployments = tuple(replace(one, server=server, database=7) for one in suite.plan.deployments)
    return replace(suite, plan=replace(suite.plan, runtime=runtime, deployments=deployments))


def cells(markdown: str) -> dict[str, str]:
    """Of the table with a server's command, by setting."""
    rows = re.findall(r"^\| ([^|]+) \| (?:<code>)?([^|<]*)", markdown, re.MULTILINE)
    return {name.replace("\\", ""): value.replace("\\", "") for name, value in rows}


def test_a_local_run_shows_the_environment_of_its_processes() -> None:
    found = cells(rendered(with_real_server("local"), "md"))

    assert found["APP"] == "apps.shortly.wsgi:application"
    assert found["BIND"] == "127.0.0.1:(a free port)"
    assert (found["REDIS_HOST"], found["REDIS_PORT"]) == ("127.0.0.1", "(a free port)")
    assert found["REDIS_DB"] == "7"


def test_a_run_in_containers_shows_what_its_compose_file_has() -> None:
    suite = with_real_server("compose")
    cpus = CpuSplit((0,), (1,), (1,))
    known = {name: {"image": name} for name in ("gunicorn", "redis", "driver")}
    file = run_file(
        {THIS_CHECKOUT: known},
        suite.plan.deployments,
        cpus,
        {},
        "x",
        subnets=choose([], len(suite.plan.deployments)),
        cgroups="2",
    )
    given = file["services"]["gunicorn.shortly"]["environment"]

    found = cells(rendered(suite, "md"))

    assert {name: found[name] for name in given} == given


def test_a_servers_documentation_is_called_so_and_escaped() -> None:
    suite = with_real_server("local")
    docs = 'https://docs.example/a_b?c=1&d=<b>"*x*'
    server = replace(suite.plan.deployments[0].server, docs=docs)
    deployments = tuple(replace(one, server=server) for one in suite.plan.deployments)
    suite = replace(suite, plan=replace(suite.plan, deployments=deployments))

    page, markdown = rendered(suite, "html"), rendered(suite, "md")

    assert "<td>Documentation</td>" in page
    assert "https://docs.example/a_b?c=1&amp;d=&lt;b&gt;&#34;*x*" in page
    assert r'| Documentation | https://docs.example/a\_b?c=1&amp;d=&lt;b&gt;"\*x\* |' in markdown
    assert docs not in page + markdown


def test_a_server_that_had_to_be_killed_at_its_stop_is_named() -> None:
    suite = make_suite({"a": 3000.0, "b": 2000.0}, rounds=3)
    records = tuple(
        replace(record, stopped_cleanly=not (record.deployment.startswith("a.") and record.round > 1))
        for record in suite.deployments
    )
    server = suite.plan.deployments[0].server

    said = rendered(replace(suite, deployments=records), "md")

    why = f"it hadn't ended {server.stop_grace_s:g} s after {server.stop_signal}"
    assert f"a.shortly had to be killed at the end of 2 of 3 rounds: {why}." in said
    assert "b.shortly had to be killed" not in said


def test_the_size_of_an_image_is_shown_where_there_is_one() -> None:
    suite = make_suite({"a": 3000.0, "b": 2000.0}, rounds=2)
    sizes = {"a.shortly": 127_544_953, "b.shortly": None}
    records = tuple(replace(record, image_bytes=sizes[record.deployment]) for record in suite.deployments)
    without = tuple(replace(record, image_bytes=None) for record in suite.deployments)

    assert "| Image size | 128 MB |  |" in rendered(replace(suite, deployments=records), "md")
    assert "Image size" not in rendered(replace(suite, deployments=without), "md")


def test_the_methodology_says_how_long_the_trials_of_each_profile_are() -> None:
    text = " ".join(METHODOLOGY.split())
    opened = {name: f"{profile.trial_s.open:g} s" for name, profile in PROFILES.items()}

    assert {name: profile.trial_s.closed for name, profile in PROFILES.items()} == {
        "smoke": 0.1,
        "standard": 0.05,
        "full": 0.1,
    }
    assert (
        f"0.05 s of closed load (0.1 s in smoke and full), or {opened['standard']} of open load "
        f"({opened['smoke']} in smoke, "
        f"{opened['full']} in full)" in text
    )


def test_a_page_that_is_expected_is_told_apart_from_a_redirect() -> None:
    page, redirect = (next(SCENARIOS[name].requests(random.Random(0))).expect for name in ("get", "redirect"))
    assert _expected(page) == "a status from 200 to 399 that is no redirect"
    assert _expected(redirect) == "a status from 300 to 399"


def test_both_clients_take_bodies_of_the_same_length() -> None:
    """By the text: importing locust would patch this process."""
    source = (ROOT / "bench/load/locustanswer.py").read_text()

    assert content.MOST_BYTES == 256 << 20
    assert "from bench.load.content import MOST_BYTES" in source
    assert "len(whole) > MOST_BYTES" in source


def test_help_says_what_each_number_is_of() -> None:
    options = {option.name: option for option in run.params if isinstance(option, click.Option)}

    assert (
        options["processes"].help == "Processes of the load generator; by default one for each of its CPUs."
    )
    numbers = [name for name, setting in SETTINGS.items() if setting.kind in ("whole", "number")]
    assert {name: options[name].metavar for name in numbers} == {
        name: "SECONDS" if name == "timeout" else "N" for name in numbers
    }
