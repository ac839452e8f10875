"""Each application of the table in docs/any-app.md is measured by its commands, and left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.any_app.rows import Row, hashes, made, measured, rows

FIVE = ("gunicorn", "waitress", "uwsgi", "werkzeug", "granian")
# Compiled, and so the likeliest not to fit.
TWO = ("uwsgi", "granian")
# granian has no `write`, which Trac calls.
TRACS = tuple(server for server in FIVE if server != "granian")

pytestmark = pytest.mark.slow


def test_the_table_has_each_application_in_at_most_two_commands() -> None:
    assert [row.name for row in rows()] == [
        "Django", "Flask", "pypiserver", "Radicale", "moto", "httpbin", "Trac", "kinto"
    ]  # fmt: skip
    assert all(
        "&&" not in command and ";" not in command for row in rows() for command in (row.first, row.then)
    )


# tests/any_app/test_tutorials.py has both frameworks in every run of CI, from their first command on.
@pytest.mark.index
@pytest.mark.parametrize("row", [row for row in rows() if row.project], ids=lambda row: row.name)
def test_a_project_is_measured_behind_all_servers_and_left_as_it_was(
    row: Row, command: Path, tmp_path: Path
) -> None:
    check(row, command, tmp_path, FIVE)


# tests/containers/test_own_application.py has both projects in containers, of this checkout.
@pytest.mark.index
@pytest.mark.containers
@pytest.mark.parametrize("row", [row for row in rows() if row.project], ids=lambda row: row.name)
def test_a_project_is_measured_in_containers_and_left_as_it_was(
    row: Row, command: Path, tmp_path: Path
) -> None:
    check(row, command, tmp_path, TWO, "compose")


@pytest.mark.index
@pytest.mark.parametrize("row", [row for row in rows() if not row.project], ids=lambda row: row.name)
def test_a_published_application_is_measured_and_left_as_it_was(
    row: Row, command: Path, tmp_path: Path
) -> None:
    check(row, command, tmp_path, TRACS if row.name == "Trac" else FIVE)


def check(row: Row, command: Path, folder: Path, servers: tuple[str, ...], runtime: str = "local") -> None:
    root = made(row, folder)
    before = hashes(root)

    result = measured(row, root, command, servers, runtime)

    figures = {
        case["server"]: case["summary"]["throughput_rps"]["value"]
        for case in result["cases"]
        if case["load"]["model"] == "closed"
    }
    print(f"{row.name}: " + ", ".join(f"{server} {rate:,.0f} a second" for server, rate in figures.items()))
    assert result["complete"]
    assert set(figures) == set(servers)
    assert all(rate > 0 for rate in figures.values())
    assert hashes(root) == before
