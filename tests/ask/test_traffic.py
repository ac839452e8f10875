"""`--from-access-log` and `--har`: which of the two is read, and of which host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.ask.settings import defaults
from bench.ask.traffic import read_traffic
from bench.model.errors import UsageError

FOLDER = Path(__file__).parents[1] / "catalogue/traffic"
LOG, HAR = str(FOLDER / "logs/gunicorn.log"), str(FOLDER / "chromium.har")


def asked(**given: Any) -> dict[str, Any]:
    return {**defaults(), **given}


def test_without_either_there_is_none() -> None:
    assert read_traffic(asked()) is None


def test_each_is_read() -> None:
    log, recording = read_traffic(asked(from_access_log=LOG)), read_traffic(asked(har=HAR))

    assert log is not None
    assert recording is not None
    assert (log.name, recording.name, recording.host) == ("access-log", "har", "shop.example")


def test_the_host_that_was_named_is_asked() -> None:
    recording = read_traffic(asked(har=HAR, host="CDN.example"))

    assert recording is not None
    assert recording.host == "cdn.example"


def test_both_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="--from-access-log and --har exclude each other"):
        read_traffic(asked(from_access_log=LOG, har=HAR))
