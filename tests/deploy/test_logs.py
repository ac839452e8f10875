"""Logs of applications that print much: their last part is kept, and the disk isn't filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.deploy import logs


def test_the_last_part_of_a_log_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_BYTES", 1 << 20)
    monkeypatch.setattr(logs, "_KEPT_BYTES", 1 << 10)
    path = logs.log_path(tmp_path, "waitress.shop")
    with path.open("ab") as server:
        server.write(b"an old round\n" * 1000)
        start = server.tell()
        server.write(b"".join(b"line %d\n" % number for number in range(500_000)))
        server.flush()
        before = path.stat().st_size
        logs.shorten(tmp_path)

        assert path.stat().st_size < 1 << 11
        assert path.read_bytes().startswith(b"[wsgi-bench left out %d MB of this log]\n" % (before >> 20))
        assert logs.last_lines(path, 1, start) == ("line 499999",)
        server.write(b"and on\n")
        server.flush()
        assert logs.last_lines(path, 2, start) == ("line 499999", "and on")


def test_a_log_that_is_small_stays_as_it_is(tmp_path: Path) -> None:
    path = logs.log_path(tmp_path, "waitress.shop")
    path.write_text("a\nb\n")
    logs.shorten(tmp_path)
    assert path.read_text() == "a\nb\n"
    assert logs.last_lines(path, 5, 2) == ("b",)
