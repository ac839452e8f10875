"""What uv is told of pip's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.machine.pipsettings import for_uv


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://index.example/simple\nextra-index-url =\n  https://more.example/a\n"
        "  https://more.example/b\n[install]\nfind_links = /wheels /more wheels\n"
    )
    return tmp_path


def told(home: Path, **variables: str) -> dict[str, str]:
    # What this machine's own pip.conf says is something else.
    return {
        name: value
        for name, value in for_uv({"HOME": str(home), **variables}, home).items()
        if name.startswith("UV_") or name in ("SSL_CERT_FILE", "ALL_PROXY")
    }


def test_pips_files_hold(home: Path) -> None:
    said = told(home)

    assert said["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert said["UV_INDEX"] == "https://more.example/a https://more.example/b"
    assert said["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert said["UV_FIND_LINKS"] == "/wheels,/more,wheels"


def test_pips_variables_come_before_its_files(home: Path) -> None:
    file = home / "other.conf"
    file.write_text("[global]\nproxy = http://proxy.example\ncert = /file.pem\n")

    said = told(home, PIP_CONFIG_FILE=str(file), PIP_INDEX_URL="https://mine.example", PIP_CERT="/mine.pem")

    assert said["UV_DEFAULT_INDEX"] == "https://mine.example"
    assert said["ALL_PROXY"] == "http://proxy.example"
    assert said["SSL_CERT_FILE"] == "/mine.pem"


def test_who_has_configured_uv_has_said_it(home: Path) -> None:
    assert told(home, UV_DEFAULT_INDEX="https://uv.example") == {}
    (home / ".config/uv").mkdir()
    (home / ".config/uv/uv.toml").write_text("")
    assert told(home) == {}


def test_a_file_that_pip_could_not_read_says_nothing(home: Path) -> None:
    (home / ".config/pip/pip.conf").write_text("no section = 1\n")

    assert "UV_INDEX" not in told(home)
