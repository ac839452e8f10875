"""Where a run's files go."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.run import results


def test_runs_of_one_second_have_a_directory_each_and_none_is_left_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(results, "new_id", lambda _now: "now")
    with results.result_directory(tmp_path, None) as first:
        (first / "result.json").touch()
        with (
            results.result_directory(tmp_path, None) as second,
            results.result_directory(tmp_path, None) as third,
        ):
            names = [directory.name for directory in (first, second, third)]

    assert names == ["now", "now-2", "now-3"]
    assert [directory.is_dir() for directory in (first, second, third)] == [True, False, False]
