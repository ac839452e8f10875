"""What an application and its servers cost by themselves, in a run of a project in a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.model.jsonable import parse
from bench.model.own_cost import OwnCost
from tests.cli.conftest import wsgi_bench
from tests.preflight.looking import write

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.slow
def test_both_are_measured_and_all_else_is_compared_with_the_users_line(tmp_path: Path) -> None:
    write(tmp_path, {"shop/web.py": APPLICATION})
    line = f"mine={sys.executable} -m gunicorn web:application -b {{bind}}"
    options = ("--python", sys.executable, "--servers", "waitress", "--server", line, "--out", "here")
    sizes = ("--rounds", "1", "--blocks", "1", "--rate", "50")
    said = wsgi_bench("try", "web:application", *options, *sizes, cwd=tmp_path / "shop")

    result = json.loads((tmp_path / "shop/here/result.json").read_text())
    own = parse(OwnCost, result["own_cost"], "own_cost")
    assert result["plan"]["baseline"] == "mine", said.err
    assert own.requests == ("GET /",)
    assert own.covered == 1
    assert [calls.round for calls in own.calls][:1] == [1]
    assert all(calls.cpu_s > 0 and calls.calls for calls in own.calls)
    # A line of the user's own names its application.
    assert list(own.hello_s) == ["waitress"]
    assert len(own.hello_s["waitress"]) == 6
    assert {path.name for path in (tmp_path / "shop").iterdir()} == {"web.py", "here"}
