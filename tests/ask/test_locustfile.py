"""A locust file that is asked for in one place, beside requests that another place asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.ask.precedence import merged
from bench.ask.resolution import resolve
from bench.model.errors import UsageError
from bench.model.problems import Problems

ROOT = Path(__file__).parents[2]
WEIGHTED = str(ROOT / "tests/load/locustfiles/weighted.py")


def test_the_users_of_a_file_ask_instead_of_requests_in_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "bench.toml"
    config.write_text('url = ["/items/7"]\nheader = ["Accept: text/html"]\nclient = "fasthttp"\nusers = 3\n')

    with Problems() as problems:
        given = merged({"locustfile": "x.py"}, config, {}, problems)

    assert given == {"locustfile": "x.py", "users": 3}


@pytest.mark.parametrize("name", ["url", "scenario", "from_access_log", "har"])
def test_requests_are_asked_instead_of_a_file_in_the_configuration(tmp_path: Path, name: str) -> None:
    config = tmp_path / "bench.toml"
    config.write_text('locustfile = "x.py"\nuser = "Reader"\ntags = ["read"]\nexclude_tags = ["slow"]\n')

    with Problems() as problems:
        given = merged({name: "/x"}, config, {}, problems)

    assert given.keys() == {name}


@pytest.mark.parametrize("name", ["url", "scenario", "from_access_log", "har", "scenarios"])
def test_one_way_to_ask_voids_each_other_one_of_the_configuration(tmp_path: Path, name: str) -> None:
    others = {
        "url": '["/items/7"]', "data": '["a=1"]', "scenario": '"a.toml"', "from_access_log": '"log"',
        "har": '"a.har"', "scenarios": '["hello"]',
    }  # fmt: skip
    config = tmp_path / "bench.toml"
    written = {other: text for other, text in others.items() if other != name}
    if name == "url":
        del written["data"]
    config.write_text("".join(f"{other} = {text}\n" for other, text in written.items()))

    with Problems() as problems:
        given = merged({name: ("/x",) if name in ("url", "scenarios") else "/x"}, config, {}, problems)

    assert given.keys() == {name}


def test_a_file_s_users_are_the_scenario_and_the_client() -> None:
    asked = resolve(
        {"locustfile": WEIGHTED, "app": "hello", "servers": ("waitress",), "users": "4"}, ROOT, {}
    )

    assert [scenario.name for _, scenario in asked.combinations] == ["locustfile"]
    assert (asked.client, asked.processes, asked.runtime) == ("locustfile", 1, "local")
    assert asked.given["locustfile"] == WEIGHTED
    assert "scenarios" not in asked.given


def test_a_file_s_users_have_no_way_to_a_unix_socket() -> None:
    with pytest.raises(UsageError, match="--locustfile has no way to a unix socket"):
        resolve({"locustfile": WEIGHTED, "users": "4", "target": ("one=unix:/tmp/nobody.sock",)}, ROOT, {})
