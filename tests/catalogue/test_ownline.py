"""Users' own server lines: how they are run, and what is told from them."""

from __future__ import annotations

import pytest

from bench.catalogue.ownline import command_of, filled, goes_into_background, program_of, unknown_placeholders


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("gunicorn -b {bind} 'x:create_app()'", ("gunicorn", "-b", "{bind}", "x:create_app()")),
        ("A=1 gunicorn x", ("env", "A=1", "gunicorn", "x")),
        ("gunicorn -b :$PORT x", ("sh", "-c", "exec gunicorn -b :$PORT x")),
        ("A=1 gunicorn -b :$PORT x", ("sh", "-c", "exec env A=1 gunicorn -b :$PORT x")),
        ("exec gunicorn -b :$PORT x", ("sh", "-c", "exec gunicorn -b :$PORT x")),
        ("gunicorn '$PORT'", ("gunicorn", "$PORT")),
        ("cd shop && gunicorn x", ("sh", "-c", "cd shop && exec gunicorn x")),
        ("gunicorn x | tee log", ("sh", "-c", "gunicorn x | tee log")),
        ("a; gunicorn x", ("sh", "-c", "a; gunicorn x")),
        ("gunicorn -n 'a && b' $X", ("sh", "-c", "exec gunicorn -n 'a && b' $X")),
        ('cd a && gunicorn -n "b && c"', ("sh", "-c", 'cd a && exec gunicorn -n "b && c"')),
        ("gunicorn \"it's\" -n '$A'", ("gunicorn", "it's", "-n", "$A")),
        ("gunicorn 'a;b' $X", ("sh", "-c", "exec gunicorn 'a;b' $X")),
        (r"gunicorn a\&\&b", ("gunicorn", "a&&b")),
    ],
)
def test_a_shell_runs_what_needs_one_and_gives_way_to_the_server(line: str, command: tuple[str, ...]) -> None:
    assert command_of(line) == command


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("gunicorn x", "gunicorn"),
        ("/srv/venv/bin/gunicorn x", "gunicorn"),
        ("python3.12 -m waitress x", "waitress-serve"),
        ("uv run gunicorn x", "gunicorn"),
        ("A=1 exec uwsgi --ini x", "uwsgi"),
        ("cd shop && A=1 granian x $B", "granian"),
        ("python manage.py runserver", "python"),
        ("cd shop && gunicorn -n 'a && b' $X", "gunicorn"),
        ('gunicorn -n "a && b; c" $X', "gunicorn"),
    ],
)
def test_the_program_is_found_behind_what_starts_it(line: str, program: str) -> None:
    assert program_of(command_of(line)) == program


def test_an_option_that_sends_it_into_the_background_is_seen() -> None:
    assert goes_into_background(command_of("cd x && gunicorn --daemon y")) == "--daemon"
    assert goes_into_background(command_of("uwsgi --daemonize=/tmp/log --ini x")) == "--daemonize"
    assert goes_into_background(command_of("flask run -D")) == ""


def test_placeholders_are_filled_and_the_shell_s_own_braces_stay() -> None:
    line = "gunicorn -b {bind} --log ${LOG} {other}"

    assert unknown_placeholders(line) == ["other"]
    assert filled(["{host}:{port}", "${port}", "{other}"], {"host": "h", "port": "1"}) == [
        "h:1", "${port}", "{other}",
    ]  # fmt: skip
