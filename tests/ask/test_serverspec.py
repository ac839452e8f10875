"""What `--server` makes of a spec, and what it says of one that can't be measured."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.ask.resolution import resolve
from bench.ask.serverspec import read_server, read_servers
from bench.catalogue.registry import load_servers
from bench.deploy.composefile import run_file
from bench.model import App, CpuSplit, Deployment, Server
from bench.model.errors import UsageError
from bench.model.variant import THIS_CHECKOUT

ROOT = Path(__file__).parents[2]
KNOWN = load_servers(ROOT / "docker-compose.yml", {})
UWSGI = """\
[uwsgi]
http = :8000
stats = 127.0.0.1:9191
socket=/run/shop.sock
module = shop.wsgi
processes = 3
static-map = /static=%d/static
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with configurations of its own."""
    (tmp_path / "gunicorn.conf.py").write_text("workers = 3\nbind = '0.0.0.0:8000'\n")
    (tmp_path / "daemon.py").write_text("workers = 3\ndaemon = True\n")
    (tmp_path / "mine.ini").write_text(UWSGI)
    (tmp_path / "plain.ini").write_text("[uwsgi]\nprocesses = 2\n")
    (tmp_path / "daemon.ini").write_text("[uwsgi]\nmodule = x\ndaemonize = /tmp/log\n")
    (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi --bind 0.0.0.0:$PORT\nworker: celery\n")
    return tmp_path


def read(spec: str, folder: Path) -> Server:
    return read_server(spec, KNOWN, folder)


@pytest.mark.parametrize(
    ("spec", "name", "workers", "threads"),
    [
        ("waitress", "waitress", 1, 4),
        ("waitress:threads=8", "waitress-8t", 1, 8),
        ("w8=waitress:threads=8", "w8", 1, 8),
        ("gunicorn:workers=2,threads=4", "gunicorn-2x4", 2, 4),
        ("gunicorn:threads=4, workers=2", "gunicorn-2x4", 2, 4),
        ("gunicorn-sync:workers=8", "gunicorn-sync-8w", 8, 1),
        ("other=granian", "other", 1, 4),
    ],
)
def test_a_known_server_with_numbers_of_its_own(
    spec: str, name: str, workers: int, threads: int, project: Path
) -> None:
    server = read(spec, project)

    assert (server.name, server.workers, server.threads) == (name, workers, threads)
    assert (server.environment["WORKERS"], server.environment["THREADS"]) == (str(workers), str(threads))
    assert server.at_service in KNOWN
    assert server.command == KNOWN[server.at_service].command
    assert not server.own


def test_the_configuration_of_gunicorn_is_used_with_another_address(project: Path) -> None:
    for spec in ("gunicorn.conf.py", "gunicorn:gunicorn.conf.py"):
        server = read(spec, project)

        assert server.command == (
            "gunicorn", "--config", f"{project}/gunicorn.conf.py", "--bind", "{bind}", "{app}",
        )  # fmt: skip
        assert (server.name, server.own, server.package) == ("gunicorn.conf.py", True, "gunicorn")
        assert server.workers is None


def test_the_configuration_of_uwsgi_loses_its_addresses_alone(project: Path) -> None:
    program, option, source, *rest = read("mine=uwsgi:mine.ini", project).command

    assert (program, option, rest) == ("uwsgi", "--ini", ["--http", "{bind}"])
    printed = subprocess.run(
        ["sh", "-c", source.removeprefix("exec://")], capture_output=True, text=True, check=True
    ).stdout
    assert printed.splitlines() == [
        "[uwsgi]",
        "module = shop.wsgi",
        "processes = 3",
        f"static-map = /static={project}//static",
    ]


def test_a_configuration_of_uwsgi_without_address_or_application_is_given_both(project: Path) -> None:
    assert read("plain.ini", project).command == (
        "uwsgi", "--ini", f"{project}/plain.ini", "--http-socket", "{bind}", "--module", "{app}",
    )  # fmt: skip


def test_the_web_line_of_a_procfile_is_run_by_a_shell(project: Path) -> None:
    server = read("Procfile", project)

    assert server.command == ("sh", "-c", "exec gunicorn shop.wsgi --bind 0.0.0.0:$PORT")
    assert (server.name, server.package, server.stop_signal) == ("Procfile", "gunicorn", "SIGTERM")


def test_a_line_is_measured_as_it_is(project: Path) -> None:
    server = read("prod=waitress-serve --listen={bind} --call 'shop:create_app'", project)

    assert server.command == ("waitress-serve", "--listen={bind}", "--call", "shop:create_app")
    assert (server.own, server.package, server.stop_signal) == (True, "waitress", "SIGINT")
    assert server.environment == {}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gunicron", "there is no server 'gunicron' (did you mean 'gunicorn'?)"),
        ("gunicron:threads=4", "there is no server 'gunicron' (did you mean 'gunicorn'?)"),
        ("waitress:thread=8", "waitress has no setting 'thread' (did you mean 'threads'?). It has threads."),
        ("waitress:workers=2", "waitress has no setting 'workers'"),
        ("wsgiref:threads=2", "wsgiref has no setting 'threads'. It has none."),
        ("waitress:threads=0", "'threads=0' isn't threads=N, with N from 1 to 4,096"),
        ("waitress:threads=", "'threads=' isn't threads=N"),
        ("waitress:threads=4,threads=8", "threads stands there twice"),
        ("waitress:8", "waitress takes settings, as in waitress:threads=8"),
        ("wsgiref:8", "wsgiref has no setting that could be given behind its name. Write wsgiref alone"),
        ("waitress:mine.ini", "waitress takes settings"),
        ("waitress:", "waitress takes settings, as in waitress:threads=8"),
        ("gunicorn:", "gunicorn takes settings, as in gunicorn:threads=8"),
        ("gunicorn:nowhere.py", "there is no file"),
        ("daemon.py", "`daemon = True`, and a server must stay in the foreground"),
        ("uwsgi:daemon.ini", "`daemonize`, and a server must stay in the foreground"),
        (
            "gunicorn shop.wsgi -b {bind}",
            "a command needs a label: write LABEL='gunicorn shop.wsgi -b {bind}'",
        ),
        ("prod=gunicorn shop.wsgi -b {bnd}", "no placeholder {bnd} (did you mean 'bind'?)"),
        ("prod=gunicorn shop.wsgi -b '{bind}", "its quotation marks don't pair"),
        ("prod=gunicorn -D shop.wsgi -b {bind}", "-D sends it into the background"),
        ("prod=cd shop && python -m gunicorn --daemon x -b {bind}", "--daemon sends it into the background"),
        ("prod=waitres", "'waitres' is neither a server (did you mean 'waitress'?) nor a command line"),
        (
            "gunicorn=gunicorn shop.wsgi -b {bind}",
            "gunicorn is a server of its own here. Choose another label",
        ),
        ("x-twin=waitress:threads=8", "a label can't end with '-twin'"),
    ],
)
def test_what_cannot_be_measured_is_named_with_what_to_write(spec: str, said: str, project: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(spec, project)

    assert str(caught.value).startswith(f"--server '{spec}': ")
    assert said in str(caught.value)


def test_every_wrong_spec_is_named_at_once_and_no_label_stands_for_two(project: Path) -> None:
    specs = ["a=waitress:threads=8", "a=gunicorn x -b {bind}", "nothing", "waitress", "gunicorn.conf.py"]
    with pytest.raises(UsageError) as caught:
        read_servers(specs, KNOWN, project, taken=["waitress"])

    first, second, third = caught.value.problems
    assert "another server of this run is called a" in first
    assert "as in a-2='gunicorn x -b {bind}'" in first
    assert "there is no server 'nothing'" in second
    assert "another server of this run is called waitress" in third


def resolved(**flags: Any) -> Mapping[str, Any]:
    asked = resolve({"app": "hello", "runtime": "local", **flags}, ROOT, {})
    return {
        "names": [server.name for server in asked.servers],
        "given": asked.given,
        "runtime": asked.runtime,
    }


def test_lines_stand_beside_names_and_instead_of_the_default_ones() -> None:
    both = resolved(servers="gunicorn", server=("w8=waitress:threads=8",))
    alone = resolved(server=("w8=waitress:threads=8",))

    assert both["names"] == ["gunicorn", "w8"]
    assert both["given"]["servers"] == ("gunicorn",)
    assert alone["names"] == ["w8"]
    assert "servers" not in alone["given"]
    assert alone["given"]["server"] == ("w8=waitress:threads=8",)


def test_a_line_of_one_s_own_is_in_no_image() -> None:
    line = "prod=gunicorn apps.hello.wsgi:application -b {bind}"

    assert resolved(server=(line,), runtime="auto")["runtime"] == "local"
    with pytest.raises(UsageError, match="--runtime compose: prod is a line of your own, which no image has"):
        resolved(server=(line,), runtime="compose")
    with pytest.raises(UsageError, match="--against and --server exclude each other"):
        resolved(server=(line,), against="HEAD")
    with pytest.raises(UsageError, match="--server and --target exclude each other"):
        resolve({"server": (line,), "target": ("x=http://localhost:1",)}, ROOT, {})


def test_a_command_that_there_is_not_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = (
        "a=no-such-server -b {bind}",
        "b=A=1 ./start.sh $PORT",
        "c=cd x && nor-this $PORT",
        "d=x | y {bind}",
    )

    with pytest.raises(UsageError) as caught:
        resolved(server=(*lines, "ok=gunicorn apps.hello.wsgi:application -b {bind}"))

    first, second, third = caught.value.problems
    assert "a is started by `no-such-server`, which is neither in the application's environment" in first
    assert "`./start.sh`" in second
    assert "`nor-this`" in third


def test_locust_s_client_has_no_way_to_a_line_on_a_socket() -> None:
    with pytest.raises(UsageError, match="--client fasthttp has no way to the unix socket of a"):
        resolved(server=("a=gunicorn apps.hello.wsgi:application -b unix:{socket}",), client="fasthttp")


def test_numbers_of_one_s_own_reach_the_container() -> None:
    server = read("w8=waitress:threads=8", ROOT)
    deployment = Deployment("w8.hello", server, App("hello", "apps.hello.wsgi:application", (), False, ()), 1)
    services = {"waitress": {"image": "i", "environment": {"THREADS": "4"}}, "driver": {"image": "d"}}
    file = run_file(
        {THIS_CHECKOUT: services}, [deployment], CpuSplit((1,), (0,), (0,)), {}, "run",
        subnets=["10.0.0.0/24"], cgroups="2",
    )  # fmt: skip

    assert file["services"]["w8.hello"]["environment"]["THREADS"] == "8"
    assert file["services"]["w8.hello"]["image"] == "i"
