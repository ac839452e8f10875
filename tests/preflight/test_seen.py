"""What a first look sees of an application that answers, and that it leaves nothing behind."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from pathlib import Path

import psutil
import pytest

from bench.catalogue.registry import load_servers
from bench.model.scenario import AskedRequest, AskedScenario
from bench.preflight.refusals import unable
from tests.preflight.looking import ROOT, look, scenario, write

APP = """
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'right']
"""


def hashes(root: Path) -> dict[str, str]:
    """Every file below a folder, by its content and the time of its last change."""
    return {
        str(path.relative_to(root)): f"{hashlib.sha256(path.read_bytes()).hexdigest()} "
        f"{path.stat().st_mtime_ns}"
        for path in root.rglob("*")
        if path.is_file()
    }


def test_an_answer_in_figures(tmp_path: Path) -> None:
    headers = [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "sessionid=1; Path=/"),
        ("Set-Cookie", "theme=dark"),
    ]
    write(tmp_path, {"web.py": APP.replace("[('Content-Type', 'text/plain')]", repr(headers))})

    looked = look(tmp_path, "web")
    (answer,) = looked.seen.answered

    assert (looked.seen.callable, looked.seen.python) == ("web:application", sys.version.split()[0])
    assert (answer.status, answer.later, answer.bytes, answer.content_type) == (200, 200, 5, "text/html")
    assert (answer.cookies, answer.session_cookies) == (("sessionid", "theme"), ("sessionid",))
    assert (answer.calls, answer.same) == (5, True)
    assert answer.ms > 0
    assert looked.notes == (
        "GET / sets a session cookie: each user keeps its cookies, --no-cookies for new visitors",
    )


def test_the_environ_is_whole(tmp_path: Path) -> None:
    text = """
import wsgiref.validate
def inner(environ, start_response):
    body = environ["wsgi.input"].read(3)
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST",
             "HTTP_X_SHOP", "SCRIPT_NAME", "SERVER_PROTOCOL", "wsgi.url_scheme")
    if (body, [environ[name] for name in names]) != EXPECTED:
        raise ValueError(repr((body, [environ[name] for name in names])))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x"]
EXPECTED = (b"a=1", ["POST", "/caf\\xc3\\xa9/x", "q=%20", "text/csv", "3", "shop.example", "yes", "",
                     "HTTP/1.1", "http"])
application = wsgiref.validate.validator(inner)
"""
    write(tmp_path, {"web.py": text})
    headers = (("Content-Type", "text/csv"), ("X-Shop", "yes"))
    request = AskedRequest("form", "/caf%C3%A9/x?q=%20", "POST", headers=headers, body="a=1")

    assert look(tmp_path, "web", AskedScenario("own", (request,), host="shop.example")).refusals == ()


@pytest.mark.parametrize(
    ("body", "bytes_", "problem"),
    [
        ("    start_response('200 OK', [])\n    yield b'abc'\n    yield b'de'\n", 5, ""),
        ("    write = start_response('200 OK', [])\n    write(b'abc')\n    return [b'd']\n", 4, ""),
        ("    start_response('200 OK', [])\n    return b'abc'\n", 3, "returns bytes instead of an iterable "
         "of bytes"),
        ("    start_response('200 OK', [])\n    return ['abc']\n", 3, "gives str for its body, not bytes"),
        ("    start_response('200 OK', [])\n    start_response('200 OK', [])\n    return []\n", 0,
         "calls start_response twice"),
        ("    start_response('200 OK', {})\n    return []\n", 0, "gives start_response a dict of headers, "
         "not a list"),
        ("    start_response('200 OK', [])\n    return open('page', 'rb')\n", 7, ""),
        ("    start_response('200 OK', [])\n    return environ['wsgi.file_wrapper'](open('page', 'rb'))\n", 7,
         ""),
    ],
)  # fmt: skip
def test_answers_of_every_form_are_read(tmp_path: Path, body: str, bytes_: int, problem: str) -> None:
    write(tmp_path, {"web.py": f"def application(environ, start_response):\n{body}", "page": "a page\n"})

    looked = look(tmp_path, "web")

    assert looked.refusals == ()
    assert (looked.seen.answered[0].status, looked.seen.answered[0].bytes) == (200, bytes_)
    wanted = (
        (f"GET / {problem}, which PEP 3333 doesn't allow and servers treat differently",) if problem else ()
    )
    assert looked.notes == wanted


def test_whoever_calls_write_is_not_for_a_server_that_has_none(tmp_path: Path) -> None:
    text = APP.replace("    start_response(", "    write = start_response(")
    write(
        tmp_path,
        {"web.py": text.replace("return [b'right']", "write(b'right')\n    return []"), "other.py": APP},
    )
    servers = load_servers(ROOT / "docker-compose.yml").values()

    looked = look(tmp_path, "web:application")

    assert looked.seen.answered[0].bytes == 5
    assert unable(looked.seen, servers) == {
        "granian": "GET / calls write(), which start_response returns by PEP 3333, but not granian's"
    }
    assert unable(look(tmp_path, "other:application").seen, servers) == {}


def test_what_is_given_is_closed(tmp_path: Path) -> None:
    text = """
class Body(list):
    def close(self):
        print("closed", flush=True)
def application(environ, start_response):
    start_response("200 OK", [])
    return Body([b"x"])
"""
    write(tmp_path, {"web.py": text})

    looked = look(tmp_path, "web", scenario("HEAD /"))

    assert looked.seen.printed == len("closed\n") * looked.seen.answered[0].calls


def test_a_user_keeps_its_cookies_through_login_and_pages(tmp_path: Path) -> None:
    text = """
def application(environ, start_response):
    known = environ.get("HTTP_COOKIE") == "sid=7"
    if environ["PATH_INFO"] == "/login":
        start_response("303 See Other", [("Set-Cookie", "sid=7; HttpOnly"), ("Location", "/")])
        return []
    start_response(*(("200 OK", []) if known else ("302 Found", [("Location", "/login")])))
    return []
"""
    write(tmp_path, {"web.py": text})
    login = (AskedRequest("in", "/login", "POST", status=303),)
    page = AskedRequest("page", "/")

    assert look(tmp_path, "web", AskedScenario("own", (page,), login)).refusals == ()
    assert look(tmp_path, "web", AskedScenario("own", (page,), login, cookies=False)).refusals == (
        "GET / answers 302 to /login though its user has logged in: correct the login in --scenario FILE",
    )


def test_everything_that_was_written_is_put_back(tmp_path: Path) -> None:
    text = """
import os, shutil, sqlite3
from pathlib import Path
here = Path(__file__).parent
with open(here / "app.log", "a") as log:
    log.write("started\\n")
database = sqlite3.connect(here / "db.sqlite3")
def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        database.execute("insert into comments values ('new')")
        database.commit()
        (here / "uploads").mkdir()
        (here / "uploads" / "new.txt").write_text("x")
        (here / "gone.txt").unlink()
        os.rename(here / "from.txt", here / "to.txt")
        shutil.rmtree(here / "cache")
    start_response("200 OK", [])
    return []
"""
    write(
        tmp_path,
        {"web.py": text, "app.log": "before\n", "gone.txt": "gone", "from.txt": "from", "to.txt": "to"},
    )
    write(tmp_path, {"cache/deep/file.txt": "cached"})
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        database.execute("create table comments (text)")
    database.close()
    before = hashes(tmp_path)

    looked = look(tmp_path, "web", scenario("/", "POST /comment"))
    page, comment = looked.seen.answered

    assert page.written == ()
    assert set(comment.written) >= {"db.sqlite3", "uploads/new.txt", "gone.txt", "from.txt", "to.txt"}
    assert "POST /comment writes to db.sqlite3: --reset CMD, or --copy db.sqlite3" in looked.notes
    assert "Its import writes to app.log" in looked.notes
    assert looked.seen.databases == ("db.sqlite3",)
    assert (hashes(tmp_path), looked.seen.left_changed) == (before, ())
    assert not (tmp_path / "uploads").exists()


def test_a_database_that_is_only_read_is_not_written(tmp_path: Path) -> None:
    text = """
import sqlite3
def application(environ, start_response):
    sqlite3.connect("db.sqlite3").execute("select * from t").fetchall()
    start_response("200 OK", [])
    return []
"""
    write(tmp_path, {"web.py": text})
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table t (x)")
    database.close()
    before = hashes(tmp_path)

    looked = look(tmp_path, "web")

    assert (looked.refusals, looked.notes, looked.seen.databases) == ((), (), ("db.sqlite3",))
    assert hashes(tmp_path) == before


def test_a_file_that_another_program_has_open_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": f"open('app.log', 'a').write('x' * 100)\n{APP}", "app.log": "old\n"})

    with (tmp_path / "app.log").open("a"):
        looked = look(tmp_path, "web")

    assert looked.seen.left_changed == ("app.log: other programs have it open",)


def test_a_file_that_another_program_changed_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": f"import subprocess\nsubprocess.run(['touch', 'new.txt'], check=True)\n{APP}"})

    assert look(tmp_path, "web").seen.left_changed == ("new.txt: it isn't its Python code that changed it",)


def test_megabytes_of_output_are_counted_and_not_kept(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": f"for _ in range(64):\n    print('x' * 1_000_000)\n{APP}"})

    looked = look(tmp_path, "web")

    assert (looked.refusals, looked.seen.printed) == ((), 64_000_064)
    assert looked.notes == ("It printed 64,000,064 bytes; under load that is a part of what is measured",)


def test_an_endless_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    text = "import itertools\n" + APP.replace("[b'right']", "itertools.repeat(bytes(1 << 22))")
    write(tmp_path, {"web.py": text})

    answer = look(tmp_path, "web").seen.answered[0]

    assert answer.problems == ("answers more than 256 MiB",)


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ("('Content-Length', '9')", "b'right'", "says Content-Length: 9 of a body of 5 bytes"),
        ("('Content-Length', '3')", "b'right'", "says Content-Length: 3 of a body of 5 bytes"),
        ("('X-Name', 'Łódź')", "b'right'", "sets X-Name to a text that isn't Latin-1"),
        ("('X-Name', b'x')", "b'right'", "sets X-Name to a bytes, not a text"),
        ("('X-Name', 'a\\nb')", "b'right'", "sets X-Name to a text with a line break in it"),
        ("('Transfer-Encoding', 'chunked')", "b'right'", "sets Transfer-Encoding"),
    ],
)
def test_what_servers_treat_differently_is_told(
    tmp_path: Path, headers: str, body: str, problem: str
) -> None:
    text = (
        f"def app(environ, start_response):\n    start_response('200 OK', [{headers}])\n    return [{body}]"
    )
    write(tmp_path, {"web.py": text})

    looked = look(tmp_path, "web")

    assert looked.seen.answered[0].problems == (problem,)
    assert any(problem in note and "PEP 3333" in note for note in looked.notes)


def test_a_body_that_a_204_may_not_have_is_told(tmp_path: Path) -> None:
    text = "def app(environ, start_response):\n    start_response('204 No Content', [])\n    return [b'x']"
    write(tmp_path, {"web.py": text})

    assert look(tmp_path, "web").seen.answered[0].problems == ("has a body of 1 bytes with 204",)


def test_an_application_that_raises_in_the_middle_of_an_answer_is_refused(tmp_path: Path) -> None:
    text = """
def app(environ, start_response):
    start_response('200 OK', [])
    yield b'a'
    raise OSError('gone')
"""
    write(tmp_path, {"web.py": text})

    (refusal,) = look(tmp_path, "web").refusals

    assert refusal.startswith("GET / raises OSError: gone in web.py:5 once it has begun to answer: a server")


def test_nothing_that_it_started_lives_on(tmp_path: Path) -> None:
    text = f"""
import os, subprocess, sys, threading, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(600)
threading.Thread(target=time.sleep, args=(600,), name="worker").start()
{APP}"""
    write(tmp_path, {"web.py": text})

    looked = look(tmp_path, "web", variables={"PREFLIGHT_TEST": str(tmp_path)})

    assert looked.refusals == ()
    assert looked.seen.threads == ("worker",)
    assert looked.seen.processes == (sys.executable, "fork")
    assert [each.pid for each in psutil.process_iter() if _has(each, str(tmp_path))] == []


def test_nothing_of_ours_can_be_imported(tmp_path: Path) -> None:
    modules = ("apps", "bench", "calling", "child", "loading", "main", "servers", "tests", "traces", "writes")
    write(tmp_path, {f"{name}.py": f"NAME = {name!r}" for name in modules})
    lines = "".join(f"import {name}; assert {name}.NAME == '{name}'\n" for name in modules)
    write(
        tmp_path,
        {"web.py": f"import sys\n{lines}assert len(sys.argv) == 1\nassert sys.stdin.read() == ''\n{APP}"},
    )

    looked = look(tmp_path, "web")

    assert looked.refusals == ()
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_hidden_cause_of_an_error_page_is_found(tmp_path: Path) -> None:
    text = """
def work():
    return {}["price"]
def application(environ, start_response):
    try:
        work()
    except KeyError:
        start_response("500 Internal Server Error", [])
        return [b"sorry"]
"""
    write(tmp_path, {"web.py": text})

    assert look(tmp_path, "web").refusals == ("GET / answers 500: KeyError: 'price' in web.py:3",)


def test_a_body_without_the_text_that_is_asked_for_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})

    asked = AskedScenario("own", (AskedRequest("/", "/", contains="wrong"),))

    assert look(tmp_path, "web", asked).refusals == ("GET /: its body has no 'wrong'",)


def test_of_very_many_requests_the_heaviest_are_asked(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})
    asked = AskedScenario("own", tuple(AskedRequest(f"/{n}", f"/{n}", weight=n + 1) for n in range(60)))

    seen = look(tmp_path, "web", asked).seen

    assert ([answer.name for answer in seen.answered], seen.unasked) == ([f"/{n}" for n in range(10, 60)], 10)


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get("PREFLIGHT_TEST") == mark
    except psutil.Error:
        return False
