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
