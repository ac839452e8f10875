"""Reading the lists of servers and apps: what is right, and every problem of what isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.catalogue.registry import app_from_callable, load_apps, load_servers
from bench.model.errors import UsageError

ROOT = Path(__file__).parents[2]

GOOD = """
services:
  redis: {image: redis}
  one:
    command: ["serve", "--cost=$$5"]
    environment: {APP: "${APP:-a:b}", BIND: "0.0.0.0:1", WORKERS: "${WORKERS:-1}", THREADS: "4", X: "${X}"}
    stop_signal: SIGINT
    stop_grace_period: 1m2s500ms
    x-server: {title: One, package: one, keep_alive: true, concurrency: few, default: true, docs: "https://x"}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file"
    path.write_text(text)
    return path


def problems_of_servers(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_servers(write(tmp_path, text), {})
    return str(caught.value)


def problems_of_apps(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_apps(write(tmp_path, text))
    return str(caught.value)


def test_the_projects_own_lists_are_right() -> None:
    servers = load_servers(ROOT / "docker-compose.yml", {})
    apps = load_apps(ROOT / "apps/apps.toml")

    default = {name for name, server in servers.items() if server.default}
    assert default >= {"wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi"}
    assert apps["shortly"].redis


def test_every_server_of_the_list_may_stop_for_longer_than_its_own_patience() -> None:
    for server in load_servers(ROOT / "docker-compose.yml", {}).values():
        assert server.stop_grace_s >= 5


def test_a_server_is_read_with_its_variables_resolved(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    server = load_servers(path, {"WORKERS": "3", "X": "y"})["one"]

    assert server.command == ("serve", "--cost=$5")
    assert server.environment == {
        "APP": "a:b", "BIND": "0.0.0.0:1", "WORKERS": "3", "THREADS": "4", "X": "y",
    }  # fmt: skip
    assert (server.workers, server.threads) == (3, 4)
    assert (server.stop_signal, server.stop_grace_s) == ("SIGINT", 62.5)
    assert (server.title, server.keep_alive, server.default) == ("One", True, True)


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load_servers(write(tmp_path, GOOD), {"WORKERS": ""})["one"].workers == 1


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('["serve", "--cost=$$5"]', "serve", "one: command must be a list"),
        ('["serve", "--cost=$$5"]', "[]", "one: command must have at least the program"),
        ('["serve", "--cost=$$5"]', "[1]", "one: command must be a list of strings, but has 1"),
        ("--cost=$$5", "--cost=$-", "one.command[1]: can't resolve '--cost=$-'"),
        ("WORKERS: ", "WORKER: ", "one: environment.WORKERS must be a number above 0, but is ''"),
        ('THREADS: "4"', 'THREADS: "0"', "one: environment.THREADS must be a number above 0, but is '0'"),
        ("BIND: ", "BINT: ", "one: environment must set APP and BIND"),
        ("SIGINT", "SIGNIT", "one: stop_signal must be one of"),
        ("1m2s500ms", "soon", "one: stop_grace_period must be a duration"),
        ("keep_alive: true", "keep_alive: 1", "one.x-server: keep_alive must be a bool, but is a number"),
        ("keep_alive: true, ", "", "one.x-server: keep_alive is missing"),
        ("{title: One", "[{title: One", "is not valid YAML"),
        ("x-server", "x-sever", "no service has an x-server block"),
        ("services", "service", "has no services"),
    ],
)
def test_a_malformed_server_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in GOOD

    assert complaint in problems_of_servers(tmp_path, GOOD.replace(before, after))


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("SIGINT", "X").replace("1m2s500ms", "y").replace("title: One", "title: 1")

    assert len(problems_of_servers(tmp_path, text).splitlines()) == 3


def test_a_missing_file_says_where_to_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run this in a checkout"):
        load_servers(tmp_path / "none.yml")
    with pytest.raises(UsageError, match="run this in a checkout"):
        load_apps(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[a]\nscenarios = ['hello']", "[a]: callable is missing"),
        ("[a]\ncallable = 'a'\nscenarios = ['hello']", "[a]: callable must be module:callable, but is 'a'"),
        ("[a]\ncallable = 'a:b'", "[a]: scenarios is missing"),
        ("[a]\ncallable = 'a:b'\nscenarios = []", "[a]: scenarios must name at least one"),
        ("[a]\ncallable = 'a:b'\nscenarios = ['x']\nsede = []", "[a]: unknown sede; known are callable"),
        ("[a]\ncallable = 'a:b'\nscenarios = ['x']\nredis = 'yes'", "redis must be a bool, but is a string"),
        ("a = 1", "[a] must be a mapping, but is a number"),
        ("[a", "is not valid TOML"),
        ("", "has no app"),
    ],
)
def test_a_malformed_app_is_named_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    assert complaint in problems_of_apps(tmp_path, text)


def test_any_callable_is_an_app() -> None:
    app = app_from_callable("my.site.wsgi:app")

    assert (app.callable, app.scenarios) == ("my.site.wsgi:app", ("get", "redirect"))
    assert (app.redis, app.seed) == (False, ())


@pytest.mark.parametrize("text", ["", "hello", "a:", ":b", "a b:c", "a:b:c", "a..b:c"])
def test_what_is_no_callable_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="module:callable"):
        app_from_callable(text)
