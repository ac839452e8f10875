"""An application that can't be served is refused before anything starts: once, with what to write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.ask.resolution import resolve
from bench.catalogue.application import meant
from bench.catalogue.locate import locate
from bench.cli.verbs import main
from bench.model.errors import UsageError
from tests.cli.conftest import ROOT, environment, wsgi_bench
from tests.required import lacks

MODULES = {
    "shop/__init__.py": "raise RuntimeError('imported')",
    "shop/wsgi.py": "application = print",
    "shop/dynamic.py": "from os import *",
    "shop/made.py": "globals()['application'] = print",
    "shop/nested.py": "try:\n    from x import y as application\nexcept ImportError:\n    application = None",
    "shop/broken.py": "x = 1\ndef application(:\n",
    "shop/unnamed.py": "print(application)",
    "shop/inner/wsgi.py": "application = print",
    "plain/wsgi.py": "application: object = print",
    "plain/deep/deeper/wsgi.py": "def application(): ...",
}  # fmt: skip
ELSEWHERE = "in the checkout, in its .venv/, or in PYTHONPATH"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("shop.wsgi:application", ""),
        ("shop.dynamic:application", ""),
        ("shop.made:application", ""),
        ("shop.nested:application", ""),
        ("plain.wsgi:application", ""),
        ("shop.inner.wsgi:application", ""),
        ("plain.deep.deeper.wsgi:application", ""),
        ("plain.deep.none:application", "there is no module plain.deep.none in"),
        ("shop.wsgi:app", "{path}/shop/wsgi.py: nothing in it is called app. Correct that, or the name."),
        ("shop.unnamed:application", "{path}/shop/unnamed.py: nothing in it is called application."),
        ("shop.broken:application", "{path}/shop/broken.py: line 2 isn't Python: "),
        ("shop.none:application", "there is no module shop.none " + ELSEWHERE + " ({path})."),
        ("shop.wsgi.py:application", "there is no module shop.wsgi.py (a module is named without .py)."),
        ("shop.wsgi.deep:application", "there is no module shop.wsgi.deep in"),
        ("nosuch.wsgi:application", "set PYTHONPATH to the folder that holds nosuch.py or nosuch/."),
        ("plain:application", "there is no module plain in"),
        ("apps.nosuch.wsgi:application", "there is no module apps.nosuch in"),
    ],
)
def test_an_app_is_looked_for_where_servers_find_it(folder: Path, target: str, problem: str) -> None:
    found: tuple[str, ...] = ()
    try:
        resolve({"app": target, "runtime": "local"}, ROOT, {"PYTHONPATH": str(folder)})
    except UsageError as error:
        found = error.problems

    assert len(found) == bool(problem), found
    assert not found or problem.replace("{path}", str(folder)) in found[0]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_in_a_folder_of_ones_own_an_app_is_tried_before_anything_is_started(
    folder: Path, more: tuple[str, ...]
) -> None:
    said = wsgi_bench("run", "--app", "wsgi:application", *more, cwd=folder / "plain", env=environment())

    assert (said.code, said.out) == (2, "")
    assert "wsgi-bench: GET / returns NoneType instead of an iterable of bytes" in said.err
    assert not (folder / "plain/wsgi-bench-results").exists()


@pytest.mark.parametrize(
    ("named", "written"),
    [
        ("x.py:application", "PYTHONPATH=. wsgi-bench run --app x:application"),
        ("x.py", "PYTHONPATH=. wsgi-bench run --app x:application"),
        ("../my shop/x.py:app", "PYTHONPATH='../my shop' wsgi-bench run --app x:app"),
        ("/srv/x.py:app", "PYTHONPATH=/srv wsgi-bench run --app x:app"),
        ("x:app", ""),
        ("x.py:", ""),
        ("x", ""),
    ],
)
def test_an_app_named_by_its_file_is_told_its_name(
    named: str, written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert meant(named) == written
    if not written:
        return
    monkeypatch.setattr(sys, "argv", ["wsgi-bench", "run", "--app", named, "--runtime", "local"])

    assert main() == 2
    err = capsys.readouterr().err
    assert err.count("Write: " + written) == 1
    assert len(err.splitlines()) == 1


def test_what_is_looked_for_is_not_imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))

    found = locate("shop.wsgi:application")

    assert (found.path, found.problem) == (str(folder / "shop/wsgi.py"), "")
    assert not any(name.partition(".")[0] == "shop" for name in sys.modules)


LOOKS = """
from pathlib import Path
from bench.catalogue.modules import candidates, wanting
from bench.preflight.shadows import shadows
here = Path.cwd()
list(wanting(here))
print([found.callable for found in candidates(here, here)], shadows(here, ["gunicorn"]))
"""


def test_a_folder_that_nobody_may_look_into_is_passed_over(tmp_path: Path) -> None:
    """As a database's files that a container has written."""
    (tmp_path / "wsgi.py").write_text("application = print")
    (tmp_path / "pgdata").mkdir(mode=0)
    # Root may look into every folder, unless it gives that up.
    given_up = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        lacks("there is no setpriv, by which root gives up what it may")
    ended = subprocess.run(
        [*(given_up if os.geteuid() == 0 else ()), sys.executable, "-c", LOOKS],
        cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "['wsgi:application'] ()\n"), ended.stderr


def test_an_app_in_an_archive_is_left_to_the_servers(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", folder, "shop")
    monkeypatch.syspath_prepend(archive)
    (folder / "shop").rename(folder / "gone")

    found = locate("shop.wsgi:nothing")

    assert (found.path, found.missing, found.problem) == (f"{archive}/shop/wsgi.py", "", "")


def test_a_module_in_no_package_is_itself_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder / "plain"))
    first = locate("wsgi:application")
    (folder / "plain/beside.py").touch()

    assert first.source == locate("wsgi:application").source != ""
