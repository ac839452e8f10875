"""Each application that can't be measured is refused in one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.preflight.looking import look, scenario, write

RIGHT = """
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'right']
"""
ANSWERS = """
def application(environ, start_response):
    start_response({status!r}, {headers!r})
    return [{body!r}]
"""
GONE = """
import os, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
time.sleep(600)
"""


def answers(status: str, body: bytes = b"", **headers: str) -> str:
    return ANSWERS.format(status=status, headers=list(headers.items()), body=body)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "web: nothing in it is called application or app. It has nothing that can be called"),
        ("def ap(environ, start_response): ...", "web: nothing in it is called application or app. Did you "
         "mean ap?"),
        ("from shutil import copy, move, which\nfrom pathlib import Path\ndef shop(): ...", "web: nothing in "
         "it is called application or app. It has shop, copy, move, which, Path"),
        ("application = 5", "web:application is an int, which can't be called. Name the application itself"),
        ("import nosuch.thing", "ModuleNotFoundError: No module named 'nosuch' in web.py:1: --python names "
         "the "
         "interpreter that has it, --requirements what to install"),
        ("import sys\n\nsys.exit('no database')", "web calls sys.exit('no database') when it is imported in "
         "web.py:3"),
        ("import os\nos._exit(3)", "web ended by itself with exit code 3 when it was imported or asked. An "
         "application "
         "may neither go into the background nor end its process"),
        (GONE, "web ended by itself with exit code 0 when it was imported or asked. An application may "
         "neither go into "
         "the background nor end its process"),
        ("import os\nprint('about to die', flush=True)\nos.kill(os.getpid(), 11)", 'web was killed by '
         'SIGSEGV when it was '
         'imported or asked: "about to die". An application may neither go into the background nor end its '
         'process'),
        ("x = 1\ndef application(:", "SyntaxError: invalid syntax (web.py, line 2) in web.py:2"),
        ("def work():\n    return 1 / 0\nwork()", "ZeroDivisionError: division by zero in web.py:2"),
        ("import os\nSECRET_KEY = os.environ['SHOP_KEY']", "KeyError: 'SHOP_KEY' in web.py:2: --env "
         "SHOP_KEY=... or "
         "--env-file FILE"),
        ("import os\nkey = os.environ.get('SHOP_KEY')\nif not key:\n    raise RuntimeError('SHOP_KEY is not "
         "set')",
         "RuntimeError: SHOP_KEY is not set in web.py:4: --env SHOP_KEY=... or --env-file FILE"),
        ("class application:\n    def __call__(self, environ, start_response): ...", "web:application is a "
         "class: write "
         "web:application()"),
        ("application = type('App', (), {'__call__': lambda self, request: None})()", "web:application is "
         "an App and no "
         "WSGI application: it doesn't take (environ, start_response)"),
        (answers("404 Not Found"), "GET / answers 404: --url PATH names a page that there is"),
        (answers("401 Unauthorized"), "GET / answers 401: --header 'Authorization: ...', or a login in "
         "--scenario FILE"),
        (answers("503 Service Unavailable"), "GET / answers 503"),
        (answers("302 Found", Location="http://127.0.0.1:8000/accounts/login/?next=/"), "GET / answers 302 "
         "to "
         "/accounts/login/, which would measure the redirect: --url PATH, a login in --scenario FILE, or "
         "--allow-redirect"),
        (answers("302 Found", Location="/en/"), "GET / answers 302 to /en/, which would measure the "
         "redirect: --url PATH, "
         "or --allow-redirect"),
        (answers("301 Moved", Location="https://127.0.0.1:8000/"), "GET / answers 301 to https, which would "
         "measure the "
         "redirect: --header 'X-Forwarded-Proto: https'"),
        (RIGHT.replace("start_response(", "raise ValueError('never'); ("), "GET / raises ValueError: never "
         "in web.py:3"),
        (RIGHT.replace("start_response(", "len("), "GET / raises TypeError: len() takes exactly one "
         "argument (2 given) in "
         "web.py:3"),
        ("def application(environ, start_response): return [b'x']", "GET / gives its body before it calls "
         "start_response; never calls start_response: no server could answer"),
        ("def application(environ, start_response): pass", "GET / returns NoneType instead of an iterable "
         "of bytes; never "
         "calls start_response: no server could answer"),
    ],
)  # fmt: skip
def test_it_is_refused_with_the_way_out(tmp_path: Path, text: str, sentence: str) -> None:
    write(tmp_path, {"web.py": text})

    assert look(tmp_path, "web").refusals == (sentence,)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("async def app(scope, receive, send): ...", "async function"),
        ("class App:\n    async def __call__(self, scope, receive, send): ...\napp = App()", "App"),
        ("class App:\n    def __init__(self, scope): ...\n    async def __call__(self, receive, send): "
         "...\napp = App", "App"),
        ("import functools\nasync def inner(x, scope, receive, send): ...\napp = functools.partial(inner, 1)",
         "partial"),
        ("def app(scope, receive, send): ...", "async function"),
        ("def app(environ, start_response):\n    async def answer(): ...\n    return answer()", ""),
    ],
)  # fmt: skip
def test_asgi_is_told_by_what_it_takes(tmp_path: Path, text: str, what: str) -> None:
    write(tmp_path, {"main.py": text})

    (sentence,) = look(tmp_path, "main:app").refusals

    assert sentence == (
        f"main:app is an ASGI application{f' ({what})' if what else ''}: WSGI servers can't serve it, and "
        f"WSGI "
        f"servers are what is compared here. A WSGI application takes (environ, start_response)"
    )


@pytest.mark.parametrize(
    ("named", "parameters", "sentence"),
    [
        ("create_app", "", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "config=None", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "config=None, debug=False", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "**settings", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "*settings", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "a, b", "notes:create_app is a factory: write notes:create_app()"),
        ("create_app", "config", "notes:create_app is a factory that needs config: write "
         "notes:create_app(config=...), with literals"),
        ("create_app()", "config", "notes:create_app() raises TypeError: create_app() missing 1 required "
         "positional "
         "argument: 'config'"),
        ("create_app(nosuch=1)", "", "notes:create_app(nosuch=1) raises TypeError: create_app() got an "
         "unexpected "
         "keyword argument 'nosuch'"),
    ],
)  # fmt: skip
def test_a_factory_is_told_from_an_application(
    tmp_path: Path, named: str, parameters: str, sentence: str
) -> None:
    write(tmp_path, {"notes.py": f"{RIGHT}\ndef create_app({parameters}):\n    return application\n"})

    assert look(tmp_path, f"notes:{named}").refusals == (sentence,)


@pytest.mark.parametrize("named", ["create_app()", "create_app('x', debug=True)", "create_app(debug=None)"])
def test_a_factory_is_called_with_its_literals(tmp_path: Path, named: str) -> None:
    text = "import wsgi\ndef create_app(config=None, *, debug=False):\n    return wsgi.application\n"
    write(tmp_path, {"notes.py": text, "wsgi.py": RIGHT})

    looked = look(tmp_path, f"notes:{named}")

    assert (looked.refusals, looked.seen.callable) == ((), f"notes:{named}")
    assert looked.seen.answered[0].bytes == len("right")


def test_a_factory_that_makes_nothing_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"notes.py": "def create_app(): pass"})

    assert look(tmp_path, "notes:create_app()").refusals == (
        "notes:create_app() returned None, not an application. Its factory needs a return",
    )


def test_a_module_that_is_nowhere_is_told_from_one_that_it_imports(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/web.py": "import shop.nosuch"})

    assert (
        look(tmp_path, "nosuch.web").refusals[0].startswith("nosuch.web: there is no module nosuch. Correct")
    )
    assert look(tmp_path, "shop.none").refusals[0].startswith("shop.none: there is no module shop.none.")
    assert (
        look(tmp_path, "shop.web")
        .refusals[0]
        .startswith("ModuleNotFoundError: No module named 'shop.nosuch' in shop/web.py:1: --python")
    )


def test_an_application_that_serves_itself_is_named_with_its_line(tmp_path: Path) -> None:
    text = """
import socket
def run():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.accept()
run()
"""
    write(tmp_path, {"web.py": text})

    looked = look(tmp_path, "web", limit_s=3)

    assert looked.refusals == (
        "web takes 127.0.0.1:0 itself when it is imported, and stands in web.py:5: listener.accept(). Put "
        'that under if __name__ == "__main__"',
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import time\nwhile True: time.sleep(9)", "web couldn't be imported within 3 s; it stands in "
         "web.py:2: "
         "while True: time.sleep(9)"),
        ("while True:\n    pass", "web couldn't be imported within 3 s; it stands in web.py:"),
        (f"import time\n{RIGHT}".replace("start_response(", "time.sleep(60); ("), "web:application gave no "
         "answer "
         "within"),
    ],
)  # fmt: skip
def test_what_comes_to_no_end_is_told_where_it_stands(tmp_path: Path, text: str, sentence: str) -> None:
    write(tmp_path, {"web.py": text})

    (said,) = look(tmp_path, "web", limit_s=3, timeout_s=0.5).refusals

    assert said.startswith(sentence)


def test_pages_that_are_not_there_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": answers("404 Not Found")})

    assert look(tmp_path, "web", scenario("/", "/a")).refusals == (
        "Every page answers 404 (GET /, GET /a): --url PATH names one that there is",
    )


def test_an_answer_that_was_asked_for_is_right(tmp_path: Path) -> None:
    write(tmp_path, {"web.py": answers("303 See Other", Location="/login")})

    assert look(tmp_path, "web", scenario("POST /cart 303")).refusals == ()
    assert look(tmp_path, "web", scenario("POST /cart 200")).refusals == ("POST /cart answers 303, not 200",)


def test_an_interpreter_that_is_none_is_refused(tmp_path: Path) -> None:
    (sentence,) = look(tmp_path, "web", python=str(tmp_path / "nosuch")).refusals

    assert sentence.startswith("The interpreter can't be started: ")


def test_values_of_variables_are_never_said(tmp_path: Path) -> None:
    text = """
import os
print(os.environ["API_KEY"])
def application(environ, start_response):
    raise ValueError(f"{os.environ['API_KEY']} at {os.environ['DATABASE_URL']} with hunter22")
"""
    write(tmp_path, {"web.py": text})
    variables = {"API_KEY": "s3cret-value", "DATABASE_URL": "postgres://me:hunter22@db/shop"}

    looked = look(tmp_path, "web", variables=variables)

    assert looked.refusals == (
        "GET / raises ValueError: $API_KEY at $DATABASE_URL with $DATABASE_URL in web.py:5",
    )
    assert not any(value in repr(looked) for value in ("s3cret-value", "hunter22"))


def test_what_only_libraries_raise_is_named_with_the_way_out(tmp_path: Path) -> None:
    library = tmp_path / ".venv/lib/python3/site-packages/framework"
    files = {
        "framework.py": """
import sqlite3
def application(environ, start_response):
    try:
        {}["nothing"]
    except KeyError:
        pass
    try:
        handle()
    except Exception:
        start_response("500 Internal Server Error", [])
        return [b"an error page"]
    start_response("200 OK", [])
    return [b"right"]
def handle():
    return view()
def view():
    return query()
def query():
    return sqlite3.connect(":memory:").execute("select 1 from shop_order")
"""
    }
    library.parent.mkdir(parents=True)
    write(library.parent, files)
    write(
        tmp_path,
        {
            "web.py": "import sys\n"
            f"sys.path.append({str(library.parent)!r})\n"
            "from framework import application\n"
        },
    )

    [said] = look(tmp_path, "web").refusals

    assert "GET / answers 500: OperationalError: no such table: shop_order" in said
    assert "--setup CMD makes its tables" in said
