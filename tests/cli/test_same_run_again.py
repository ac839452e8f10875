"""What a report prints as "the same run again", given to the command, plans that run."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bench.ask.precedence import ENVIRONMENT_PREFIX
from bench.ask.settings import SETTINGS
from bench.cli import running
from bench.cli.verbs import cli
from bench.load.elsewhere.keys import SECRET_VARIABLE
from bench.model import Environment, MeasuredCode, Plan
from bench.report.repeat import repeat_command
from bench.store import load
from tests.cli.conftest import ROOT, SMOKE, environment, wsgi_bench
from tests.make_suite import make_suite

HERE = "http://127.0.0.1:1"
TRAFFIC = ROOT / "tests/catalogue/traffic"
LOCUST_FILE = ("--locustfile", str(ROOT / "tests/load/locustfiles/weighted.py"))
# Arguments that give each setting; of "out" the printed command must know nothing, for that place is taken.
ELSEWHERE = ("--generators", "3", "--bind", "127.0.0.1:0")
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "against": ("--against", str(ROOT)),
    "allow_redirect": ("--url", "/old", "--allow-redirect"),
    "app": ("--app", "tests.cli.apps:right"),
    # Behind an application of the checkout these change nothing, and are not forgotten either.
    "chdir": ("--chdir", "apps"),
    "copy": ("--copy", "a.sqlite3", "--copy", "b.sqlite3"),
    "dockerfile": ("--dockerfile", "servers/Dockerfile"),
    "env": ("--env", "LANG"),
    "env_file": ("--env-file", "a/file"),
    "exclude_tags": (*LOCUST_FILE, "--exclude-tags", "slow"),
    "from_access_log": ("--from-access-log", str(TRAFFIC / "logs/nginx.log")),
    "har": ("--har", str(TRAFFIC / "chromium.har")),
    "image": ("--image", "shop:latest"),
    "locustfile": LOCUST_FILE,
    "pass_env": ("--pass-env", "LANG"),
    "python": ("--python", "3.12"),
    "requirements": ("--requirements", "a/file"),
    "reset": ("--reset", "true 'or' not"),
    "services": ("--services", "compose.yml"),
    "setup": ("--setup", "make it"),
    "tags": (*LOCUST_FILE, "--tags", "read"),
    "user": (*LOCUST_FILE, "--user", "Reader"),
    "baseline": ("--servers", "gunicorn,waitress", "--baseline", "waitress"),
    "blocks": ("--blocks", "3"),
    "client": ("--client", "fasthttp"),
    "cpus": ("--cpus", "0.5"),
    "connection": ("--connection", "as-is", "--profile", "full"),
    "data": ("--url", "POST /cart 303", "--data", f"@{ROOT / 'LICENSE'}"),
    "header": ("--url", "/", "--header", "Accept: text/html, */*", "--header", "X-Forwarded-Proto: https"),
    "host": ("--url", "/", "--host", "shop.example:8000"),
    "json_body": ("--url", "PUT /x", "--json-body", f"@{ROOT / 'tests/plan/pace.json'}"),
    "memory": ("--memory", "512m"),
    "no_cookies": ("--url", "/", "--no-cookies"),
    "fail_if": ("--against", ".", "--fail-if", "throughput < -5%", "--fail-if", "p99 > +10%"),
    "minutes": ("--minutes", "2.5"),
    "out": ("--out", "nowhere/yet"),
    "priority": ("--priority", "off"),
    "processes": ("--processes", "3"),
    "profile": ("--profile", "full"),
    "rate": ("--rate", "1234567.5e-1"),
    "rounds": ("--rounds", "3"),
    "runtime": ("--runtime", "local"),
    "scenario": ("--scenario", str(ROOT / "tests/ask/shop.toml")),
    "scenarios": ("--scenarios", "static,hello"),
    "seed": ("--seed", "0"),
    "server": ("--server", "w8=waitress:threads=8", "--server", "x=gunicorn apps.hello.wsgi:x -b {bind}, $A"),
    "generators": ELSEWHERE,
    "bind": ELSEWHERE,
    "if_lost": (*ELSEWHERE, "--if-lost", "wait"),
    "redis": ("--redis", "10.0.0.9:6380"),
    "server_cpus": ("--server-cpus", "1"),
    "servers": ("--servers", "waitress,uwsgi"),
    "target": ("--target", f"x={HERE}", "--target", f"y={HERE}", "--scenarios", "hello"),
    "timeout": ("--timeout", "2.5"),
    "until": ("--until", "1.5%", "--rounds", "9"),
    "url": ("--url", "/", "--url", "3*/items/7?a=1,2", "--url", "POST /cart 303 ~it's"),
    "users": ("--profile", "full", "--users", "16"),
    "workers": ("--servers", "gunicorn,gunicorn-sync", "--workers", "auto"),
}


class Planned(Exception):
    """A run was planned, and not started."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*os.environ,):
        if name.startswith(ENVIRONMENT_PREFIX) or name in ("PYTHONPATH", "WORKERS", "THREADS"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)


def planned(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan that a whole command line leads to."""

    def stop(plan: Plan, *_: object, **__: object) -> None:
        raise Planned(plan)

    monkeypatch.setenv(SECRET_VARIABLE, "a secret of the test")
    monkeypatch.setattr(running, "measure", stop)
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(Planned) as caught:
        cli(standalone_mode=False)
    return caught.value.plan


def printed(plan: Plan, measured: MeasuredCode | None = None) -> tuple[dict[str, str], list[str]]:
    """The variables and the arguments of the command that a report of this plan shows."""
    suite = make_suite({"a": 1.0}, rounds=1, blocks=1, histograms=False)
    there: Environment = replace(suite.environment, measured=measured)
    words = shlex.split(repeat_command(replace(suite, plan=plan, environment=there)))
    start = words.index("wsgi-bench")
    return dict(word.split("=", 1) for word in words[:start]), words[start:]


def test_every_setting_has_an_example() -> None:
    # A context is looked up, which takes an engine: it has a test of its own.
    missing = sorted(SETTINGS.keys() - EXAMPLES.keys() - {"docker_context"})
    assert not missing, (
        f"bench/ask/settings/ has the setting {', '.join(missing)}, which no example here gives: add "
        f"arguments that give it to EXAMPLES, so that it is seen that 'The same run again' doesn't forget it."
    )


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() & EXAMPLES.keys()))
def test_a_setting_is_not_forgotten(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = () if name in ("runtime", "target") else ("--runtime", "local")
    plan = planned(["wsgi-bench", "run", *runtime, *EXAMPLES[name]], monkeypatch)
    variables, words = printed(plan)
    again = planned(words, monkeypatch)

    assert (name in plan.given) == SETTINGS[name].again
    assert variables == {}
    assert _of_a_time(again) == _of_a_time(plan)


def test_a_docker_context_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(["wsgi-bench", "run", "--runtime", "local"], monkeypatch)
    far = replace(plan, given={**plan.given, "runtime": "compose", "docker_context": "far"})

    _, words = printed(far)

    assert words[words.index("--docker-context") + 1] == "far"


def _of_a_time(plan: Plan) -> Plan:
    """A plan with its old version by what it is, rather than by what it was called."""
    if plan.against is None:
        return plan
    name = plan.against.compose_file or plan.against.commit or ""
    old = replace(plan.against, asked=name)
    deployments = tuple(
        replace(deployment, variant=replace(deployment.variant, source=old))
        if deployment.variant.source == plan.against
        else deployment
        for deployment in plan.deployments
    )
    given = {**plan.given, "against": name}
    return replace(plan, against=old, deployments=deployments, given=given)


def test_settings_of_all_places_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSGI_BENCH_USERS", "3")
    monkeypatch.setenv("WSGI_BENCH_APP", "tests.cli.apps:right")
    plan = planned(["wsgi-bench", "run", "--servers", "waitress"], monkeypatch)
    monkeypatch.delenv("WSGI_BENCH_USERS")
    monkeypatch.delenv("WSGI_BENCH_APP")

    assert planned(printed(plan)[1], monkeypatch) == plan


def test_a_branch_is_printed_as_the_commit_that_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(["wsgi-bench", "run", "--runtime", "local", "--against", "HEAD"], monkeypatch)
    assert plan.against is not None
    words = printed(plan)[1]

    assert words[words.index("--against") + 1] == plan.against.commit != "HEAD"


def test_the_environment_that_a_run_needs_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(["wsgi-bench", "run", "--runtime", "local"], monkeypatch)
    search = ("/my apps", "/b'c")

    variables, _ = printed(plan, MeasuredCode("python", search, compose={"WORKERS": "3"}))

    assert variables == {"PYTHONPATH": os.pathsep.join(search), "WORKERS": "3"}


def test_a_result_without_its_settings_prints_what_its_plan_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["--runtime", "local", "--app", "tests.cli.apps:right", "--servers", "waitress", "--rate", "70",
             "--client", "fasthttp", "--processes", "5", "--seed", "4", "--connection", "close"]  # fmt: skip
    plan = planned(["wsgi-bench", "run", *asked], monkeypatch)

    again = planned(printed(replace(plan, given={}))[1], monkeypatch)

    # Its rounds and blocks may have been the user's own: they are printed, and stay.
    assert replace(again, given=plan.given, adapts=plan.adapts) == plan


@pytest.mark.slow
def test_what_a_run_has_printed_is_run_from_another_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my apps"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/__init__.py").touch()
    (folder / "shop/wsgi.py").write_text("from tests.cli.apps import right as application\n")
    smoke = [word for word in SMOKE if word not in ("--app", "hello")]
    first = wsgi_bench(
        *smoke, "--app", "shop.wsgi:application", "--servers", "waitress", "--rate", "100", "--out", "first",
        cwd=tmp_path, env=environment(PYTHONPATH=os.pathsep.join([str(ROOT), "my apps"])),
    )  # fmt: skip
    assert first.code == 0, first.err
    variables, words = _command(first.out)
    second = wsgi_bench(
        *words[1:], "--out", tmp_path / "second", cwd=tmp_path.parent, env=environment(**variables)
    )

    assert second.code == 0, second.err
    one, two = load(tmp_path / "first"), load(tmp_path / "second")
    assert two.plan == one.plan
    assert two.environment.measured == one.environment.measured
    assert _command(second.out) == (variables, words)


def _command(text: str) -> tuple[dict[str, str], list[str]]:
    words = shlex.split(text.rpartition("The same run again:\n")[2])
    start = words.index("wsgi-bench")
    return dict(word.split("=", 1) for word in words[:start]), words[start:]
