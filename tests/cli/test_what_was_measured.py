"""`resume` goes on with what was measured and nothing else; what measured nothing isn't complete."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import analyse
from bench.ask.resolution import resolve
from bench.catalogue.versions import this_checkout
from bench.machine.environment import describe, split_cpus
from bench.model import Environment, MeasuredCode, Plan, Suite
from bench.plan.layout import make_plan
from bench.report import FORMATS
from bench.run.identity import differences, identify
from bench.store import Writer, load
from tests.cli.conftest import ROOT, environment, wsgi_bench
from tests.make_suite import make_suite, without_trials

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"right"]
"""


APP = ("--app", "shop.wsgi:application")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the application `shop.wsgi:application`."""
    made = tmp_path / "one"
    (made / "shop").mkdir(parents=True)
    (made / "shop/__init__.py").touch()
    (made / "shop/wsgi.py").write_text(APPLICATION)
    return made


def planned(variables: Mapping[str, str]) -> Plan:
    flags = {"app": "shop.wsgi:application", "profile": "smoke", "servers": "waitress", "blocks": "1"}
    asked = resolve({**flags, "rate": "100"}, ROOT, variables)
    return make_plan(
        asked.profile, "local", asked.servers, asked.combinations, seed=1, rate=asked.rate, given=asked.given
    )


def here(plan: Plan, variables: Mapping[str, str]) -> Environment:
    return describe(
        runtime="local", docker=None, versions={}, images={}, cpu_split=split_cpus(), notes=(),
        measured=identify(plan, this_checkout(ROOT), variables),
    )  # fmt: skip


@pytest.fixture
def interrupted(folder: Path, tmp_path: Path) -> Path:
    """A run of that application, before its first trial."""
    variables = environment(PYTHONPATH=str(folder))
    plan = planned(variables)
    suite = replace(
        without_trials(make_suite({"a": 1.0}, rounds=1, blocks=1)),
        plan=plan, environment=here(plan, variables), complete=False, finished=None,
    )  # fmt: skip
    directory = tmp_path / "result"
    with Writer.create(directory, suite, analyse):
        pass
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_another_application_of_the_same_name_is_refused(
    interrupted: Path, folder: Path, tmp_path: Path
) -> None:
    """Found from another folder, not found at all, and changed: nothing of the result is touched."""
    before = contents(interrupted)
    other = tmp_path / "two"
    other.mkdir()
    (other / "shop").symlink_to(folder / "shop")

    elsewhere = wsgi_bench("resume", interrupted, *APP, cwd=tmp_path, env=environment(PYTHONPATH="two"))
    nowhere = wsgi_bench("resume", interrupted, *APP, cwd=tmp_path, env=environment(PYTHONPATH=""))
    (folder / "shop/prices.py").touch()
    changed = wsgi_bench("resume", interrupted, *APP, cwd=tmp_path, env=environment(PYTHONPATH="one"))

    for said in (elsewhere, nowhere, changed):
        assert said.code == 2
        assert f"{interrupted} can't be continued: it measured something else than would be" in said.err
        assert len(said.err.splitlines()) == 1
    file = "file of shop.wsgi:application"
    assert f"PYTHONPATH: {folder} -> {other}; {file}: {folder}/shop/wsgi.py -> {other}/shop/" in elsewhere.err
    assert f"PYTHONPATH: {folder} -> none; {file}: {folder}/shop/wsgi.py -> none; source of" in nowhere.err
    assert "source of shop.wsgi:application: " in changed.err
    assert changed.err.count(" -> ") == 1
    assert contents(interrupted) == before


def test_the_same_application_goes_on(interrupted: Path, tmp_path: Path) -> None:
    said = wsgi_bench("resume", interrupted, *APP, cwd=tmp_path, env=environment(PYTHONPATH="one"))

    assert said.code == 0, said.err
    assert load(interrupted).complete


def test_a_run_whose_deployments_all_fail_is_not_complete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    failed = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "1", "--servers", "waitress", "--rounds", "2",
        "--app", "tests.cli.apps:wrong", "--out", out,
    )  # fmt: skip
    stored = load(out)

    assert failed.code == 3
    assert not stored.complete
    assert stored.finished is not None
    end = "nothing was measured in rounds 1 and 2 of 2, since every deployment had failed."
    assert f"The run isn't complete: {end} Once the cause is mended, `" in failed.err
    assert f"wsgi-bench resume {out} --app tests.cli.apps:wrong` continues it." in failed.err
    assert "The run isn't complete: in 2 rounds of 2 nothing was measured" in " ".join(failed.out.split())
    assert "interrupted" not in failed.out


def test_only_an_interrupted_run_is_called_so() -> None:
    suite = make_suite({"a": 1.0}, rounds=2, blocks=1, histograms=False)
    first = tuple(trial for trial in suite.trials if trial.round == 1)

    def says(suite: Suite) -> str:
        return " ".join(FORMATS["text"](suite, analyse(suite)).split())

    ended = says(replace(suite, complete=False, trials=first))
    broken_off = says(replace(suite, complete=False, trials=first, finished=None))

    assert "in 1 round of 2 nothing was measured, since every deployment had failed" in ended
    assert "interrupted" not in ended
    assert "The run was interrupted after" in broken_off


def test_what_was_measured_has_no_values_of_the_environment(folder: Path) -> None:
    secret = {"HOME": "/secret", "TZ": "secret", "TOKEN": "secret", "WORKERS": "3", "APP": "secret"}
    variables = {**secret, "PYTHONPATH": str(folder)}

    found = identify(planned(variables), this_checkout(ROOT), variables)

    assert found.variables == ("HOME", "TZ")
    assert found.compose == {"WORKERS": "3"}
    assert found.search == (str(folder),)
    assert "secret" not in repr(found)


def test_places_in_the_checkout_are_told_from_there(folder: Path) -> None:
    variables = {"PYTHONPATH": str(folder)}
    plan = planned(variables)
    app = replace(plan.deployments[0].app, callable="apps.hello.wsgi:application")
    own = replace(plan, deployments=(replace(plan.deployments[0], app=app),))

    found = identify(own, this_checkout(ROOT), variables)

    assert found.paths == {"apps.hello.wsgi:application": "apps/hello/wsgi.py"}
    assert found.sources.keys() == {
        "apps.hello.wsgi:application", "apps/", "servers/", "bench/", "docker-compose.yml"
    }  # fmt: skip
    external = replace(own, runtime="external")
    assert identify(external, this_checkout(ROOT), variables).sources.keys() == {"bench/"}


def test_a_source_is_its_package_whatever_its_dates(folder: Path) -> None:
    variables = {"PYTHONPATH": str(folder)}
    plan = planned(variables)

    def source() -> str:
        return identify(plan, this_checkout(ROOT), variables).sources["shop.wsgi:application"]

    first = source()
    os.utime(folder / "shop/wsgi.py", (time.time(), 1))
    (folder / "beside.py").touch()
    (folder / "shop/.hidden").mkdir()
    (folder / "shop/.hidden/x.py").touch()
    (folder / "shop/env").mkdir()
    (folder / "shop/env/pyvenv.cfg").touch()
    (folder / "shop/env/x.py").touch()
    same = source()
    (folder / "shop/deep").mkdir()
    (folder / "shop/deep/x.py").touch()
    deeper = source()
    (folder / "shop/deep/x.py").write_text("x = 1")

    assert first == same
    assert len({first, deeper, source()}) == 3


CODE = MeasuredCode(
    "python", ("/a",), ("LANG",), {"WORKERS": "2"}, {"x:y": "/a/x.py"}, {"x:y": "1", "apps/": "2"}
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"python": "3.14.0"}, ["Python: 3.13.5 -> 3.14.0"]),
        ({"cpu_model": "Other"}, ["CPU: Some CPU -> Other"]),
        ({"versions": {"gunicorn": "1"}}, ["gunicorn: 27.0.1 -> 1"]),
        ({"versions": {}}, ["gunicorn: 27.0.1 -> none"]),
        ({"versions": {"gunicorn": "27.0.1", "new": "1"}}, []),
        ({"docker": "29"}, ["Docker: 28 -> 29"]),
        ({"measured": None}, []),
        ({"measured": replace(CODE, interpreter="other")}, ["interpreter: python -> other"]),
        ({"measured": replace(CODE, search=())}, ["PYTHONPATH: /a -> none"]),
        ({"measured": replace(CODE, variables=("LANG", "TZ"))}, ["environment variables: LANG -> LANG, TZ"]),
        ({"measured": replace(CODE, compose={})}, ["WORKERS: 2 -> none"]),
        ({"measured": replace(CODE, compose={"WORKERS": "2", "X": "1"})}, ["X: none -> 1"]),
        ({"measured": replace(CODE, paths={"x:y": "/b"})}, ["file of x:y: /a/x.py -> /b"]),
        (
            {"measured": replace(CODE, sources={"x:y": "3", "apps/": "4"})},
            ["source of x:y: 1 -> 3", "source of apps/: 2 -> 4"],
        ),
    ],
)
def test_each_difference_is_named(change: Mapping[str, Any], said: list[str]) -> None:
    made = make_suite({"a": 1.0}, rounds=1, blocks=1, histograms=False).environment
    before = replace(
        made,
        cpu_model="Some CPU",
        python="3.13.5",
        docker="28",
        versions={"gunicorn": "27.0.1"},
        measured=CODE,
    )

    assert list(differences(before, replace(before, **change))) == said
    assert list(differences(before, before)) == []


def test_an_older_result_is_compared_by_what_it_has() -> None:
    made = make_suite({"a": 1.0}, rounds=1, blocks=1, histograms=False).environment
    older = replace(made, measured=None)

    assert list(differences(older, replace(made, measured=CODE))) == []
    assert list(differences(older, replace(made, python="2.7", measured=CODE))) == [
        f"Python: {made.python} -> 2.7"
    ]


def test_what_containers_tell_once_they_run_is_compared_then() -> None:
    before = replace(make_suite({"a": 100.0}).environment, versions={"gunicorn": "27", "redis-server": "8.0"})
    unopened = replace(before, versions={"gunicorn": "27"})
    assert list(differences(before, unopened)) == []
    assert list(differences(before, replace(before, versions={"gunicorn": "27", "redis-server": "8.2"}))) == [
        "redis-server: 8.0 -> 8.2"
    ]
    assert list(differences(before, replace(before, versions={"redis-server": "8.0"}))) == [
        "gunicorn: 27 -> none"
    ]
