"""Somebody's own application, by the real command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.store import load
from tests.cli.conftest import environment, wsgi_bench

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"books"]
"""


@pytest.mark.slow
def test_values_of_variables_are_in_nothing_that_a_run_leaves(tmp_path: Path) -> None:
    project, out = tmp_path / "books", tmp_path / "out"
    project.mkdir()
    (project / "wsgi.py").write_text(APPLICATION)
    (project / "variables").write_text("THIRD=in-a-file-9753\n")

    said = wsgi_bench(
        "try", "--profile", "smoke", "--blocks", "1", "--servers", "waitress", "--out", out, "--env", "FIRST",
        "--env", "SECOND=on-the-line-8642", "--env-file", "variables", cwd=project,
        env=environment(FIRST="in-the-shell-1357"),
    )  # fmt: skip

    assert said.code == 0, said.err
    assert load(out).plan.given["env"] == ("FIRST", "SECOND")
    project_of_it = load(out).plan.deployments[0].app.project
    assert project_of_it is not None
    assert project_of_it.variables == ("FIRST", "SECOND", "THIRD")
    left = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for value in (b"in-the-shell-1357", b"on-the-line-8642", b"in-a-file-9753"):
        assert value not in left + said.out.encode() + said.err.encode()
