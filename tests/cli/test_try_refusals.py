"""What can't be measured is refused before any server starts: once, with the way out, and nothing is left."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Tried, wsgi_bench

RIGHT = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"right"]
"""
APP = {"app.py": RIGHT}
SLOW = f"import time\n{RIGHT}".replace("    start", "    time.sleep(0.4)\n    start")
LOST = (
    "def application(environ, start_response):\n    start_response('404 Not Found', [])\n    return [b'']\n"
)
PARTICULAR = LOST.replace("404 Not Found", "400 Bad Request")


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({}, (), "No application was found in {shop}: "),
        ({"app.py": "def f(:"}, (), "app.py: line 1 isn't Python: invalid syntax."),
        ({"app.py": "shop = print"}, (), "app.py: nothing in it is called application or app."),
        ({"app.py": "import nosuch\n" + RIGHT}, (), "No module named 'nosuch' in app.py:1: --python names"),
        ({"app.py": "import sys\nsys.exit(4)\n" + RIGHT}, (), "app:application calls sys.exit(4) when it is"),
        ({"app.py": "import os\nos.environ['KEY']\n" + RIGHT}, (), "KeyError: 'KEY' in app.py:2: --env KEY="),
        ({"app.py": LOST}, (), "GET / answers 404: --url PATH names a page that there is."),
        (APP, ("--env", "NOSUCH"), "--env NOSUCH: your shell has no such variable. Write --env NOSUCH="),
        ({**APP, "e": "A=1\nB=a\0b\n"}, ("--env-file", "e"), "e: line 2 isn't of the form NAME=VALUE."),
        ({**APP, "e": "A=1\nno line\n"}, ("--env-file", "e"), "e: line 2 isn't of the form NAME=VALUE."),
        (APP, ("--setup", "echo why; exit 3"),
         "--setup 'echo why; exit 3' failed:\nwhy\nRun it yourself in {shop},"),
        (APP, ("--reset", "echo why; exit 3"),
         "--reset 'echo why; exit 3' failed:\nwhy\nRun it yourself in {shop}"),
        ({**APP, "shop.db": ""}, ("--copy", "shpo.db"),
         "--copy {shop}/shpo.db: there is no such file. Did you mean shop.db?"),
        (APP, ("--copy", "data/shop.db"), "--copy {shop}/data/shop.db: there is no folder {shop}/data."),
        ({"d/x": "", **APP}, ("--copy", "d"), "--copy {shop}/d: that is a folder. Name files in it, or"),
        (APP, ("--services", "no.yml"), "--services no.yml: there is no such file."),
        ({**APP, "log": ""}, ("--from-access-log", "log"), "--from-access-log log: there is no line in it."),
        ({**APP, "har": "{}"}, ("--har", "har"), "--har har: not a HAR: there are no log.entries in it."),
        ({**APP, "s.toml": "x = ["}, ("--scenario", "s.toml"), "--scenario s.toml: it is not valid TOML: "),
        ({**APP, "bench.toml": "sever = 1"}, (),
         "bench.toml: there is no setting 'sever' (did you mean 'server'?)."),
        ({"app.py": PARTICULAR}, ("--url", "POST /"),
         "POST / answers 400 to an empty body: --data or --json-body gives it one."),
        ({**APP, "bench.toml": "scenarios = ['mixed']"}, (),
         "--scenarios mixed: those are the requests of wsgi-bench's own applications."),
        (APP, ("--target", "a=http://127.0.0.1:1"),
         "`try` deploys your application; servers that run already are"),
        (APP, ("--server", "x=a {bind}", "--server", "x=b {bind}"),
         "another server of this run is called x."),
        (APP, ("--server", "x=nosuch {bind}"),
         "x is started by `nosuch`, which is neither in the application's"),
        ({**APP, "wsgi-bench-results": ""}, (),
         "Results would go to {shop}/wsgi-bench-results, which is a file."),
        (APP, ("--chdir", str(ROOT)), "This folder is wsgi-bench's own, with applications of its own: "),
        ({**APP, "pyproject.toml": "[[tool]]"}, ("--requirements", "pyproject.toml"),
         "tool has to be a table"),
    ],
)  # fmt: skip
def test_it_is_refused_once_with_the_way_out(
    tried: Tried, tmp_path: Path, files: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    ended = tried(files, *arguments, "--servers", "waitress", "--profile", "smoke")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("wsgi-bench: ") == 1
    assert said.replace("{shop}", str(tmp_path / "shop")) in ended.err
    assert {str(file.relative_to(tmp_path / "shop")) for file in (tmp_path / "shop").rglob("*.*")} <= {*files}


def test_a_folder_that_is_gone_is_said(tmp_path: Path, tried: Tried) -> None:
    tried({})
    (tmp_path / "shop").rmdir()
    here = os.open(".", os.O_RDONLY)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        ended = wsgi_bench("try", cwd=Path(f"/proc/{os.getpid()}/cwd"))
    finally:
        os.fchdir(here)
        os.close(here)

    assert (ended.code, ended.out) == (2, "")
    assert (
        ended.err == "wsgi-bench: The folder that this was called in isn't there any more. Go to another.\n"
    )


def test_what_takes_its_own_port_is_told_so_before_its_time_is_up(tried: Tried) -> None:
    text = "import socket\nsocket.create_server(('127.0.0.1', 0)).accept()\n" + RIGHT

    ended = tried({"app.py": text})

    assert ended.code == 2
    assert ended.err.startswith(
        "wsgi-bench: app:application takes 127.0.0.1:0 itself when it is imported, and "
    )


def test_a_dry_run_says_one_time(tmp_path: Path) -> None:
    """That of pages as slow as these are: a plan that knows nothing of them takes half as long."""
    (tmp_path / "app.py").write_text(SLOW)

    ended = wsgi_bench("try", "--dry-run", "--servers", "waitress", "--python", sys.executable, cwd=tmp_path)

    assert ended.code == 0, ended.err
    [announced] = re.findall(r"in all ([\w ]+)$", " ".join(ended.err.split()))
    assert f"about {announced}:" in ended.out


def test_modules_of_a_project_are_not_taken_for_ours(tmp_path: Path) -> None:
    for name in ("bench", "apps", "servers", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "click.py").write_text("1 / 0")
    for name in ("wave.py", "waitress.py"):
        (tmp_path / name).touch()
    (tmp_path / "bench" / "application.py").write_text(f"import apps, servers, tests\n{RIGHT}")
    command = Path(sys.executable).with_name("wsgi-bench")
    words = ("try", "bench.application", "--dry-run", "--servers", "waitress", "--python", sys.executable)

    ended = wsgi_bench(*words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": "."}, command=(command,))

    assert ended.code == 0, ended.err
    assert "waitress/bench/urls/closed-16" in ended.out
    assert "wave.py has the name of a module of Python's own, and may be imported instead of it" in ended.err
    assert "waitress.py has the name of the server, and may be imported instead of it" in ended.err
