"""An application is found as its user names it, or by what the project's files tell; nothing is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.catalogue.discovery import Found, discover
from bench.catalogue.procfile import Line, read_line
from bench.model.errors import UsageError

BOOM = "raise RuntimeError('imported')\n"
PROJECT = {
    "shop/__init__.py": BOOM,
    "shop/wsgi.py": BOOM + "application = make()",
    "shop/web.py": BOOM + "app = make()",
    "shop/both.py": "app = application = make()",
    "shop/made.py": "def create_app(config=None, *, debug=False): ...",
    "shop/wants.py": "def create_app(config): ...",
    "shop/bare.py": "x = 1",
    "shop/stars.py": "from shop.web import *",
    "shop/broken.py": "x = 1\ndef application(:\n",
    "plain/wsgi.py": "def application(environ, start_response): ...",
    "src/other/__init__.py": "def create_app(): ...",
}
MANAGE = """
import os
def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
"""
DJANGO = {
    "manage.py": MANAGE,
    "mysite/__init__.py": "",
    "mysite/settings.py": "WSGI_APPLICATION = 'mysite.wsgi.application'",
    "mysite/wsgi.py": "application = get_wsgi_application()",
    "mysite/asgi.py": "application = get_asgi_application()",
}


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def found(root: Path, named: str | None = None, **environment: str) -> tuple[str, str, str]:
    """Callable, folder (relative) and origin."""
    result: Found = discover(root, named, environment)
    return result.callable, str(result.root.relative_to(root)), result.origin


@pytest.mark.parametrize(
    ("named", "callable_name", "folder"),
    [
        ("shop.wsgi", "shop.wsgi:application", "."),
        ("shop.wsgi:application", "shop.wsgi:application", "."),
        ("shop.wsgi.application", "shop.wsgi:application", "."),
        ("shop.web", "shop.web:app", "."),
        ("shop.both", "shop.both:application", "."),
        ("shop.made", "shop.made:create_app()", "."),
        ("shop.made:create_app", "shop.made:create_app", "."),
        ("shop.made:create_app('production', debug=False)", "shop.made:create_app('production', debug=False)",
         "."),
        ("shop.made:create_app({'a': [1, None]})", "shop.made:create_app({'a': [1, None]})", "."),
        ("shop.stars:app", "shop.stars:app", "."),
        ("shop.stars", "shop.stars", "."),
        ("shop/wsgi.py", "shop.wsgi:application", "."),
        ("./shop/web.py:app", "shop.web:app", "."),
        ("plain/wsgi.py", "wsgi:application", "plain"),
        ("plain.wsgi", "plain.wsgi:application", "."),
        ("other", "other:create_app()", "src"),
        ("src/other/__init__.py", "other:create_app()", "src"),
        ("httpbin", "httpbin", "."),
        ("httpbin:app", "httpbin:app", "."),
        ("moto.server:create_backend_app('s3')", "moto.server:create_backend_app('s3')", "."),
    ],
)  # fmt: skip
def test_what_is_named_is_found(tmp_path: Path, named: str, callable_name: str, folder: str) -> None:
    assert found(write(tmp_path, PROJECT), named) == (callable_name, folder, "named")


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("shop.wsgl", "shop.wsgl: there is no module shop.wsgl in {root}. Did you mean shop.wsgi?"),
        ("shop.web:ap", "shop.web:ap: nothing in {root}/shop/web.py is called ap. Did you mean app?"),
        ("shop.web:create()", "shop.web:create(): nothing in {root}/shop/web.py is called create. It has "
         "app."),
        ("shop.bare", "shop.bare: nothing in it is called application or app. Name the callable, as in "
         "shop.bare:name. "
         "It has x."),
        ("shop.wants", "shop.wants: create_app needs config. Write shop.wants:create_app(config=...), with "
         "literals."),
        ("shop.broken", "shop.broken can't be served: {root}/shop/broken.py: line 2 isn't Python: invalid "
         "syntax. "
         "Correct that, or the name."),
        ("shop/wsgl.py", "shop/wsgl.py: there is no file {root}/shop/wsgl.py. Did you mean shop/wsgi.py?"),
        ("shop.made:create_app(DEBUG)", "shop.made:create_app(DEBUG): only literals can be arguments "
         "(texts, numbers, "
         "True, None, lists, dicts of these)."),
        ("shop.made:create_app(**{})", "shop.made:create_app(**{}): ** can't be written there; give each "
         "argument by its "
         "name."),
        ("shop.web:app.wsgi_app", "shop.web:app.wsgi_app: after the colon stands a name, or a factory's "
         "call with "
         "literals: shop:app, shop:create_app('production', debug=False)."),
        ("shop.web:", "shop.web:: after the colon stands a name, or a factory's call with literals: "
         "shop:app, "
         "shop:create_app('production', debug=False)."),
        ("shop web", "'shop web' names no application. Write module, module:callable, "
         "module:factory('argument') or a "
         "file, as in shop.wsgi, shop.web:app, shop:create_app() or shop/wsgi.py."),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_with_what_is(tmp_path: Path, named: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        discover(write(tmp_path, PROJECT), named, {})

    assert raised.value.problems == (problem.replace("{root}", str(tmp_path)),)


@pytest.mark.parametrize(
    ("files", "environment", "callable_name", "folder", "origin"),
    [
        (DJANGO, {}, "mysite.wsgi:application", ".", "manage.py"),
        ({**DJANGO, "mysite/settings.py": ""}, {}, "mysite.wsgi:application", ".", "manage.py"),
        ({**DJANGO, "mysite/settings.py": "from .base import *",
          "mysite/base.py": "WSGI_APPLICATION: str = 'mysite.own.app'", "mysite/own.py": "app = x()"}, {},
         "mysite.own:app", ".", "manage.py"),
        ({**DJANGO, "mysite/live.py": "from mysite.settings import *"}, {"DJANGO_SETTINGS_MODULE":
         "mysite.live"},
         "mysite.wsgi:application", ".", "manage.py"),
        ({f"backend/{name}": text for name, text in DJANGO.items()}, {}, "mysite.wsgi:application", "backend",
         "backend/manage.py"),
        ({"wsgi.py": "application = f()", "app.py": "app = f()"}, {}, "wsgi:application", ".", "wsgi.py"),
        ({"app.py": "app: object = f()"}, {}, "app:app", ".", "app.py"),
        ({"wsgi.py": "import os\nos.environ['MODE'] = 'live'\nfrom shop import application",
          "shop.py": "application = f()"}, {}, "wsgi:application", ".", "wsgi.py"),
        ({"wsgi.py": "from shop import app\napplication = app\napplication.wsgi_app = Fix(app.wsgi_app)",
          "shop/__init__.py": "app = f()"}, {}, "wsgi:application", ".", "wsgi.py"),
        ({"shop/wsgi.py": "from shop.web import web as application", "shop/web.py": "web = Flask()",
          "shop/__init__.py": ""}, {}, "shop.wsgi:application", ".", "shop/wsgi.py"),
        ({"shop/__init__.py": "app = f()", "shop/views.py": "from shop import app",
          "run.py": "from shop import app\nif __name__ == '__main__':\n    app.run()"}, {}, "shop:app", ".",
         "shop/__init__.py"),
        ({"my-app.py": "app = f()", "web.py": "app = f()"}, {}, "web:app", ".", "web.py"),
        ({"main.py": "from flask import Flask\nweb = Flask(__name__)"}, {}, "main:web", ".", "main.py"),
        ({"notes/__init__.py": "def create_app(x=1): ..."}, {}, "notes:create_app()", ".",
         "notes/__init__.py"),
        ({"src/notes/__init__.py": "def make_app(): ..."}, {}, "notes:make_app()", "src",
         "src/notes/__init__.py"),
        ({"app.py": "app = f()", "x.py": "def create_app(): ..."}, {"FLASK_APP": "x:create_app"},
         "x:create_app()", ".",
         "FLASK_APP"),
        ({"app.py": "app = f()", "x.py": "app = f()"}, {"FLASK_APP": "x.py"}, "x:app", ".", "FLASK_APP"),
        ({"y.py": "app = f()", "x.py": "app = f()", ".flaskenv": "export FLASK_APP='y'\n"}, {}, "y:app", ".",
         "FLASK_APP of .flaskenv"),
        ({"app.py": "app = f()", "x.py": "web = f()", "Procfile": "release: x\nweb: gunicorn x:web -w 4"}, {},
         "x:web", ".", "Procfile"),
        ({"back/x.py": "app = f()", "Procfile": "web: gunicorn --chdir back x"}, {}, "x:app", "back",
         "Procfile"),
        ({"app.py": "app = f()", "x.py": "app = f()", "pyproject.toml": "[tool.wsgi-bench]\napp = 'x'"}, {},
         "x:app", ".",
         "[tool.wsgi-bench]"),
        ({"app.py": "app = f()", "Procfile": "web: gunicorn nosuch/x.py:app"}, {}, "app:app", ".", "app.py"),
        ({"tests/app.py": "app = f()", ".venv/app.py": "app = f()", "env/pyvenv.cfg": "", "env/app.py":
         "app = f()",
          "deep/er/web.py": "app = f()"}, {}, "web:app", "deep/er", "deep/er/web.py"),
    ],
)  # fmt: skip
def test_what_is_not_named_is_found_by_its_files(
    tmp_path: Path,
    files: Mapping[str, str],
    environment: dict[str, str],
    callable_name: str,
    folder: str,
    origin: str,
) -> None:
    root = write(tmp_path, files)

    assert found(root, None, **environment) == (callable_name, folder, origin)
    assert found(root, ".", **environment) == (callable_name, folder, origin)


def test_what_else_could_be_meant_is_named(tmp_path: Path) -> None:
    files = {**DJANGO, "app.py": "app = f()", "tools/__init__.py": "def create_app(): ..."}

    assert discover(write(tmp_path, files), None, {}).others == (
        "app:app (app.py)",
        "tools:create_app() (tools/__init__.py)",
    )


def test_a_folder_with_nothing_says_what_was_looked_for(tmp_path: Path) -> None:
    write(tmp_path, {"notes/__init__.py": "def create_app(config): ..."})

    with pytest.raises(UsageError) as raised:
        discover(tmp_path, None, {})

    assert raised.value.problems == (
        f"No application was found in {tmp_path}: no manage.py, wsgi.py, app.py, FLASK_APP, web line of a "
        f"Procfile or "
        f"app of [tool.wsgi-bench] tells of one. Name it, as in shop.web:app. notes:create_app needs "
        f"config. Write "
        f"notes:create_app(config=...), with literals.",
    )


@pytest.mark.parametrize("named", ["manage.py", "shop", "../{name}"])
def test_a_folder_or_package_stands_for_what_is_in_it(tmp_path: Path, named: str) -> None:
    files = DJANGO if named != "shop" else {"shop/__init__.py": "", "shop/app.py": "app = f()"}
    root = write(tmp_path / "project", files)

    wanted = "shop.app:app" if named == "shop" else "mysite.wsgi:application"
    assert discover(root, named.replace("{name}", "project"), {}).callable == wanted


def test_texts_that_are_no_python_are_passed_over(tmp_path: Path) -> None:
    files = {
        "app.py": "app = (",
        "wsgi.py": "\0app",
        "pyproject.toml": "[",
        "Procfile": "web: gunicorn 'x",
        ".env": "x",
    }
    (write(tmp_path, files) / "latin.py").write_bytes(b"app = f('\xe9')")
    write(tmp_path, {"right.py": "app = f()"})

    assert found(tmp_path) == ("right:app", ".", "right.py")


@pytest.mark.parametrize(
    ("command", "application", "chdir"),
    [
        ("gunicorn mysite.wsgi --log-file -", "mysite.wsgi", ""),
        ("gunicorn -w 4 -k gevent -b 0.0.0.0:$PORT shop:app", "shop:app", ""),
        ("gunicorn --preload mysite.wsgi -c gunicorn.conf.py", "mysite.wsgi", ""),
        ("gunicorn -c gunicorn.conf.py 'notes:create_app(\"x\")'", 'notes:create_app("x")', ""),
        ("gunicorn config.wsgi --chdir=/app", "config.wsgi", "/app"),
        ("cd src && exec poetry run gunicorn shop:app", "shop:app", "src"),
        ("python -m gunicorn shop:app", "shop:app", ""),
        ("waitress-serve --listen=*:8000 shop:app", "shop:app", ""),
        ("waitress-serve --call shop:create_app", "shop:create_app()", ""),
        ("waitress-serve --call --port=$PORT shop:create_app", "shop:create_app()", ""),
        ("uwsgi --http :$PORT --module mysite.wsgi:application", "mysite.wsgi:application", ""),
        ("uwsgi --http-socket :8 --wsgi-file shop/wsgi.py --callable app", "shop/wsgi.py:app", ""),
        ("uwsgi -w shop:app", "shop:app", ""),
        ("uwsgi uwsgi.ini", "", ""),
        ("flask --app notes run -p $PORT", "notes", ""),
        ("daphne mysite.asgi:application", "", ""),
        ("", "", ""),
    ],
)
def test_the_application_of_a_line(command: str, application: str, chdir: str) -> None:
    assert read_line(command) == Line(application, chdir)
