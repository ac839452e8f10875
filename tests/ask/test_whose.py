"""Whose application is measured, and what is said where it is none of the user's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.ask.resolution import resolve
from bench.model.errors import UsageError

ROOT = Path(__file__).parents[2]
SHOP = "def application(environ, start_response):\n    ...\n"


@pytest.mark.parametrize("name", ["mixed", "nonsense"])
def test_scenarios_are_not_for_an_application_of_ones_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "wsgi.py").write_text(SHOP)

    with pytest.raises(UsageError, match=rf"^--scenarios {name}: .* --url, --scenario FILE,") as refused:
        resolve({"scenarios": name}, ROOT, {}, own=True, here=tmp_path)

    assert "Did you mean" not in str(refused.value)


def test_the_one_of_a_letter_less_is_named_where_there_is_such_a_file(tmp_path: Path) -> None:
    (tmp_path / "wsgi.py").write_text(SHOP)
    (tmp_path / "buy.toml").touch()

    with pytest.raises(UsageError, match=re.escape("Did you mean --scenario buy.toml?")):
        resolve({"scenarios": "buy.toml"}, ROOT, {}, own=True, here=tmp_path)


def test_scenarios_of_a_configuration_are_refused_as_well(tmp_path: Path) -> None:
    (tmp_path / "wsgi.py").write_text(SHOP)
    (tmp_path / "bench.toml").write_text('scenarios = ["mixed"]\n')

    with pytest.raises(UsageError, match=r"^--scenarios mixed: "):
        resolve({}, ROOT, {}, own=True, here=tmp_path)


def test_a_run_says_that_it_is_not_of_the_folder_that_it_is_called_in(tmp_path: Path) -> None:
    [void, unnamed] = resolve({"python": "python3", "env": ("A=1",)}, ROOT, {}, here=tmp_path).told

    assert void == "--python and --env: for an application of your own, which this run has none of"
    assert "`wsgi-bench try` measures the one of this folder" in unnamed


@pytest.mark.parametrize(
    "flags", [{"app": "shortly"}, {"target": ("a=http://127.0.0.1:1",)}, {"app": "wsgi:application"}]
)
def test_it_says_nothing_where_it_was_told(tmp_path: Path, flags: dict[str, object]) -> None:
    (tmp_path / "wsgi.py").write_text(SHOP)

    assert resolve(flags, ROOT, {}, here=tmp_path).told == ()


def test_beside_a_target_it_says_which_settings_are_of_deployed_servers() -> None:
    target = {"target": ("a=http://127.0.0.1:1",)}
    told = resolve(
        {**target, "runtime": "local", "app": "hello", "redis": "10.0.0.2"}, ROOT, {}, here=ROOT
    ).told

    assert told == (
        "--runtime, --app and --redis: for servers that are deployed, which this run has none of",
    )
    assert resolve({**target, "runtime": "auto"}, ROOT, {}, here=ROOT).told == ()


def test_it_says_nothing_in_the_checkout() -> None:
    assert resolve({}, ROOT, {}, here=ROOT).told == ()
