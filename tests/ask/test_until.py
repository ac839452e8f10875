"""`--until`: how it is written, and what doesn't go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.ask.resolution import resolve
from bench.model.errors import UsageError

ROOT = Path(__file__).parents[2]
HERE = ("x=http://127.0.0.1:1",)


@pytest.mark.parametrize("text", ["1.5%", "0.015", " 1.5 %", "15e-3"])
def test_it_is_a_fraction_or_in_percent(text: str) -> None:
    assert resolve({"until": text}, ROOT, {}).until == pytest.approx(0.015)
    assert resolve({}, ROOT, {"WSGI_BENCH_UNTIL": text}).given["until"] == pytest.approx(0.015)


@pytest.mark.parametrize("text", ["1.5", "0", "0.01%", "101%", "narrow", "%", "nan", "-1%", "1%%"])
def test_what_is_neither_or_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve({"until": text}, ROOT, {})
    assert str(refused.value) == (
        f"--until: {text!r} is not a share from 0.05% to 100%. Write 1.5% or 0.015."
    )


def test_the_file_has_it_in_both_ways(tmp_path: Path) -> None:
    for name in ("docker-compose.yml", "apps"):
        (tmp_path / name).symlink_to(ROOT / name)
    for written in ("0.015", "'1.5%'"):
        (tmp_path / "bench.toml").write_text(f"until = {written}\n")
        assert resolve({}, tmp_path, {}).until == pytest.approx(0.015)
    (tmp_path / "bench.toml").write_text("until = true\n")
    with pytest.raises(UsageError, match=r"bench\.toml, until: True is not a share"):
        resolve({}, tmp_path, {})


def test_what_it_needs_is_said_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        resolve({"until": "2%", "rounds": "5", "blocks": "1", "profile": "smoke", "target": HERE}, ROOT, {})
    said = " ".join(refused.value.problems)
    assert [word for word in ("--rounds 5", "--blocks 1", "one server without a twin") if word in said] == [
        "--rounds 5", "--blocks 1", "one server without a twin",
    ]  # fmt: skip


def test_a_twin_is_enough_to_have_a_ratio() -> None:
    asked = resolve({"until": "2%", "rounds": "6", "target": HERE}, ROOT, {})
    assert (asked.until, asked.given["rounds"]) == (0.02, 6)
