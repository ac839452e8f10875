"""Projects as people have them: found by themselves, looked at, and unchanged after it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.catalogue.discovery import discover
from bench.model.preflight import Answered, Preflight
from bench.model.scenario import AskedRequest, AskedScenario, Capture
from bench.preflight.page import block, rows
from bench.preflight.refusals import notes, refusals
from tests.preflight.looking import PROJECTS, Looked, environment, look, scenario
from tests.preflight.test_seen import hashes

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
TOKEN = Capture("token", "regex", 'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Django project with its tables and a user, to be copied."""
    root = tmp_path_factory.mktemp("projects") / "mysite"
    shutil.copytree(PROJECTS / "mysite", root)
    variables = {**environment(), "DJANGO_SUPERUSER_PASSWORD": "secret", "PYTHONDONTWRITEBYTECODE": "1"}
    user = ["createsuperuser", "--no-input", "--username", "ann", "--email", "ann@mysite.example"]
    for command in (["migrate"], user):
        words = [sys.executable, "manage.py", *command]
        subprocess.run(words, cwd=root, env=variables, check=True, capture_output=True)
    return root


@pytest.fixture
def mysite(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "mysite")


@pytest.fixture
def notes_project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECTS / "notes", tmp_path / "notes")
    return tmp_path / "notes"


def looked_at(root: Path, asked: AskedScenario) -> Looked:
    found = discover(root, None, {})
    return look(found.root, found.callable, asked)


def test_a_django_project_is_found_and_described(mysite: Path) -> None:
    found = discover(mysite, None, {})
    looked = look(found.root, found.callable, scenario("/"))
    page = block(rows(looked.seen, sys.executable, found.origin, found.others)).splitlines()

    assert (looked.refusals, looked.notes) == ((), ())
    assert page[0] == "application  mysite.wsgi:application   (manage.py)"
    assert page[1].startswith("python       ")
    assert ", Django 5." in page[1]
    assert page[2].startswith("GET /        200, 131 bytes, ")
    assert all(len(line) <= 80 for line in page)


def test_what_a_django_project_refuses(mysite: Path) -> None:
    before = hashes(mysite)

    assert looked_at(mysite, scenario("/account/")).refusals == (
        "GET /account/ answers 302 to /login/, which would measure the redirect: --url PATH, a login in "
        "--scenario FILE, or --allow-redirect",
    )
    assert looked_at(mysite, scenario("/comment")).refusals == (
        "GET /comment answers 301 to /comment/, which would measure the redirect: --url /comment/",
    )
    assert looked_at(mysite, scenario("POST /comment/")).refusals == (
        "POST /comment/ answers 403 for want of a CSRF token: --scenario FILE takes one from the page that "
        "has "
        "the form",
    )
    assert look(mysite, "mysite.asgi").refusals == (
        "mysite.asgi:application is Django's ASGI application: name mysite.wsgi:application",
    )
    assert hashes(mysite) == before


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("ALLOWED_HOSTS = ['.mysite.example']", "GET / answers 400 from ALLOWED_HOSTS: --host "
         "www.mysite.example"),
        ("ALLOWED_HOSTS = []\nDEBUG = False", "GET / answers 400: ALLOWED_HOSTS is empty, which allows no "
         "host without DEBUG"),
        ("SECURE_SSL_REDIRECT = True", "GET / answers 301 to https, which would measure the redirect: "
         "--header "
         "'X-Forwarded-Proto: https'"),
        ("import os\nSECRET_KEY = os.environ['MYSITE_KEY']", "KeyError: 'MYSITE_KEY' in "
         "mysite/settings.py:51: --env "
         "MYSITE_KEY=... or --env-file FILE"),
        ("INSTALLED_APPS += ['nosuch']", "ModuleNotFoundError: No module named 'nosuch' in "
         "mysite/wsgi.py:7: --python "
         "names the interpreter that has it, --requirements what to install"),
        ("DATABASES['default']['NAME'] = BASE_DIR / 'empty.sqlite3'", "GET / answers 500: OperationalError: "
         "no such "
         "table: guestbook_comment in guestbook/views.py:15: --setup CMD makes its tables (Django: --setup "
         "'python manage.py migrate')"),
    ],
)  # fmt: skip
def test_settings_of_django_that_refuse(mysite: Path, settings: str, sentence: str) -> None:
    with (mysite / "mysite/settings.py").open("a") as file:
        file.write(f"{settings}\n")

    assert looked_at(mysite, scenario("/")).refusals == (sentence,)
    assert not (mysite / "empty.sqlite3").exists()


def test_a_form_behind_a_login_is_asked_as_a_user_would(mysite: Path) -> None:
    page = AskedRequest("login page", "/login/", captures=(TOKEN,))
    body = "username=ann&password=secret&csrfmiddlewaretoken=${token}"
    enter = AskedRequest("log in", "/login/", "POST", headers=FORM, body=body, uses=("token",), status=302)
    form = AskedRequest("form", "/comment/", captures=(TOKEN,))
    body = "name=ann&text=hello&csrfmiddlewaretoken=${token}"
    send = AskedRequest(
        "send", "/comment/", "POST", headers=FORM, body=body, uses=("token",), status=302, after="form"
    )
    account = AskedRequest("account", "/account/", contains="Hello, ann")
    before = hashes(mysite)

    looked = looked_at(mysite, AskedScenario("own", (form, send, account), login=(page, enter)))

    assert looked.refusals == ()
    assert [answer.status for answer in (*looked.seen.login, *looked.seen.answered)] == [
        200,
        302,
        200,
        302,
        200,
    ]
    assert looked.seen.login[1].session_cookies == ("sessionid",)
    assert (
        "POST /login/, POST /comment/ write to db.sqlite3: --reset CMD, or --copy db.sqlite3" in looked.notes
    )
    assert hashes(mysite) == before


def test_a_login_that_fails_is_told(mysite: Path) -> None:
    enter = AskedRequest("log in", "/login/", "POST", headers=FORM, body="username=ann", status=302)

    (sentence, *_) = looked_at(
        mysite, AskedScenario("own", (AskedRequest("/", "/"),), login=(enter,))
    ).refusals

    assert sentence == "The login's POST /login/ answers 403"


def test_a_flask_factory_is_found_and_asked(notes_project: Path) -> None:
    before = hashes(notes_project)
    add = AskedRequest("add", "/notes", "POST", headers=FORM, body="text=milk", status=303)

    found = discover(notes_project, None, {})
    looked = look(
        found.root, found.callable, AskedScenario("own", (*scenario("/", "/weather").requests, add))
    )
    index, weather, added = looked.seen.answered

    assert (found.callable, found.origin) == ("notes:create_app()", "notes/__init__.py")
    assert looked.refusals == ()
    assert (looked.seen.frameworks[0][0], index.status, added.written) == (
        "Flask",
        200,
        ("instance/notes.db",),
    )
    assert (weather.status, weather.content_type) == (200, "application/json")
    assert weather.ms >= 200
    assert hashes(notes_project) == before
    assert not (notes_project / "instance").exists()


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13", "pypy3"])
def test_other_interpreters_are_looked_into(tmp_path: Path, version: str) -> None:
    versions = Path(os.environ.get("PYENV_ROOT", "/nosuch"), "versions").glob(f"{version}.*/bin/python")
    python = next(map(str, versions), None) or shutil.which(f"python{version}") or shutil.which(version)
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no Python {version} here")
    shutil.copytree(PROJECTS / "plain", tmp_path / "plain")

    looked = look(tmp_path / "plain", "wsgi", scenario("/", "/nosuch 404"), python=os.path.realpath(python))

    assert looked.refusals == ()
    assert [(answer.status, answer.bytes) for answer in looked.seen.answered] == [(200, 51), (404, 10)]


def test_what_is_said_is_made_of_values_alone() -> None:
    """Refusals and notes need no process: a stored look says the same."""
    seen = Preflight("shop:app", binds=("0.0.0.0:9000",), connects=("10.0.0.1:5432",), processes=("fork",))

    assert refusals(seen, scenario()) == ()
    assert notes(seen, scenario()) == (
        "It takes 0.0.0.0:9000 itself, which a second process of a server can't",
        "It starts processes of its own: fork",
        "It connects to 10.0.0.1:5432",
    )


def test_what_is_asked_of_a_log_stands_before_its_requests() -> None:
    log = "access.log: 8 paths cover 50 % of 400 requests; left out: 100 for static files, 50 POST"
    seen = Preflight("shop:app", answered=(Answered("page", "GET /", 200),))

    labels, words = zip(*rows(seen, sys.executable, "shop.py", traffic=log), strict=True)

    assert labels == ("application", "python", "asked", "GET /")
    assert words[2] == log
    assert "asked" not in [label for label, _ in rows(seen, sys.executable, "shop.py")]
