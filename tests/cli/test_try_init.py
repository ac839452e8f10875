"""`init` writes what it found, and nothing else changes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Tried
from tests.cli.test_try_refusals import APP

SERVERS = ("--servers", "waitress")


@pytest.mark.parametrize(
    "before", [b"[project]\r\nname = 'x'\r\n\r\n\r\n", b"# no end of line", b"[tool.x]\ny = 1\n"]
)
def test_a_pyproject_keeps_every_byte_that_it_had(tried: Tried, tmp_path: Path, before: bytes) -> None:
    file = tmp_path / "shop" / "pyproject.toml"
    file.parent.mkdir()
    file.write_bytes(before)

    ended = tried(APP, *SERVERS, verb="init")

    after = file.read_bytes()
    assert ended.code == 0, ended.err
    assert after.startswith(before)
    assert tomllib.loads(after.decode())["tool"]["wsgi-bench"]["app"] == "app:application"


def test_where_no_table_can_be_added_there_is_a_file_of_its_own(tried: Tried, tmp_path: Path) -> None:
    files = {**APP, "pyproject.toml": "tool = {x = 1}\n"}

    assert tried(files, *SERVERS, verb="init").code == 0

    assert (tmp_path / "shop" / "pyproject.toml").read_text() == files["pyproject.toml"]
    assert tomllib.loads((tmp_path / "shop" / "bench.toml").read_text())["servers"] == ["waitress"]


def test_a_second_time_it_is_refused(tried: Tried, tmp_path: Path) -> None:
    tried(APP, *SERVERS, verb="init")
    ended = tried(APP, *SERVERS, verb="init")

    assert ended.code == 2
    assert ended.err == (
        f"wsgi-bench: {tmp_path}/shop/bench.toml is there already. Edit it, or remove it and write it anew.\n"
    )


def test_no_secret_is_written_and_none_is_made_up(tried: Tried, tmp_path: Path) -> None:
    asked = ("--env", "KEY=s3cret-1", "--header", "Authorization: s3cret-2", "--header", "Accept: text/html")

    assert tried(APP, *asked, *SERVERS, verb="init").code == 0

    text = (tmp_path / "shop" / "bench.toml").read_text()
    settings = tomllib.loads(text)
    assert "s3cret" not in text
    assert (settings["env"], settings["header"]) == (["KEY"], ["Accept: text/html"])
    assert "# What is asked; what may be a secret is left out: give it with --header." in text


def test_what_was_asked_is_written_and_read_again(tried: Tried, tmp_path: Path) -> None:
    asked = {
        "--setup": "true", "--reset": "true", "--copy": "data.db", "--users": "8", "--blocks": "3",
        "--timeout": "3", "--cpus": "1", "--until": "2%", "--connection": "close", "--seed": "5",
    }  # fmt: skip
    words = [word for pair in asked.items() for word in pair]
    files = {**APP, "data.db": "x"}

    assert tried(files, *words, *SERVERS, verb="init").code == 0

    settings = tomllib.loads((tmp_path / "shop" / "bench.toml").read_text())
    assert {option.removeprefix("--") for option in asked} <= settings.keys()
    assert (settings["setup"], settings["copy"], settings["users"]) == ("true", ["data.db"], 8)
    again = tried(files, "--dry-run")
    assert again.code == 0, again.err
    assert "8 users, a connection each request" in again.out
    assert "until ratios are known to ±2 %" in " ".join(again.out.split())
    assert "seed 5" in again.out


def test_what_nobody_asked_is_not_written(tried: Tried, tmp_path: Path) -> None:
    assert tried(APP, *SERVERS, verb="init").code == 0

    settings = tomllib.loads((tmp_path / "shop" / "bench.toml").read_text())
    assert settings.keys() <= {"app", "python", "servers", "url"}


@pytest.mark.parametrize(
    "words", [("--server", "waitress:threads=8"), ("--header", "Authorization: x", *SERVERS)]
)
def test_no_list_is_written_that_has_nothing_in_it(
    tried: Tried, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It would be refused when it is read."""
    assert tried(APP, *words, verb="init").code == 0

    assert [] not in tomllib.loads((tmp_path / "shop" / "bench.toml").read_text()).values()
    again = tried(APP, "--dry-run")
    assert again.code == 0, again.err


def test_of_what_runs_already_nothing_is_found(tried: Tried) -> None:
    ended = tried(APP, "--target", "a=http://127.0.0.1:8", verb="init")

    assert (ended.code, ended.out) == (2, "")
    assert "a --target runs already" in ended.err
