"""The server lines that a project's files have."""

from __future__ import annotations

from pathlib import Path

from bench.ask.serverspec import read_server
from bench.catalogue.serverlines import find_server_lines


def test_those_of_a_project_are_found_the_one_that_deploys_it_first(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi --bind :$PORT\n")
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    (tmp_path / "deploy/uwsgi.ini").write_text("[uwsgi]\nmodule = shop\n")

    lines = find_server_lines(tmp_path)

    assert [(line.label, line.spec, line.origin) for line in lines] == [
        ("web", "web=Procfile", "Procfile"),
        ("gunicorn.conf.py", "gunicorn.conf.py=gunicorn:gunicorn.conf.py", "gunicorn.conf.py"),
        ("uwsgi.ini", "uwsgi.ini=uwsgi:deploy/uwsgi.ini", "deploy/uwsgi.ini"),
    ]
    assert [read_server(line.spec, {}, tmp_path).name for line in lines] == [line.label for line in lines]


def test_a_file_that_the_procfile_names_and_one_that_sets_nothing_are_no_lines(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: gunicorn -c gunicorn.conf.py shop.wsgi\n")
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    (tmp_path / "gunicorn.py").write_text("import shop\napp = shop.app\n")
    (tmp_path / "uwsgi.ini").write_text("[other]\nx = 1\n")

    assert [line.label for line in find_server_lines(tmp_path)] == ["web"]


def test_a_project_without_any_has_none(tmp_path: Path) -> None:
    assert list(find_server_lines(tmp_path)) == []
