"""`run --locustfile`: a file's users against every server, by the real command."""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from bench.model import Suite
from bench.store import RESULT
from tests.cli.conftest import ROOT, Here, measured, wsgi_bench
from tests.load.counting import counting

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
FILES = ROOT / "tests/load/locustfiles"
VISITORS = """
from locust import FastHttpUser, between, task

class Visitor(FastHttpUser):
    host = "http://production.example"
    wait_time = between(0.01, 0.05)

    @task
    def page(self):
        self.client.get("/", name="a secret page")
"""

SHOP = """
def application(environ, start_response):
    found = environ["PATH_INFO"] == "/shop"
    start_response("200 OK" if found else "404 Not Found", [("Content-Length", "5")])
    return [b"books"]
"""


def plain(text: str) -> str:
    return " ".join(text.split())


def without_trials(directory: Path) -> None:
    """As a run that was broken off before its first block."""
    document = json.loads((directory / RESULT).read_text())
    document["complete"] = False
    for case in document["cases"]:
        case["trials"] = []
    (directory / RESULT).write_text(json.dumps(document))


@pytest.mark.slow
def test_targets_are_asked_by_the_users_of_a_file_which_resume_wants_named_again(tmp_path: Path) -> None:
    file, out = tmp_path / "shop.py", tmp_path / "out"
    file.write_text(VISITORS)
    with counting() as one, counting() as other:
        said = wsgi_bench(
            "run", "--profile", "smoke", "--locustfile", file, "--users", "3", "--out", out,
            "--target", f"one={one.url}", "--target", f"other={other.url}",
        )  # fmt: skip
        suite = measured(said, out)
        without_trials(out)
        unnamed = wsgi_bench("resume", out)
        file.write_text(VISITORS + "# another one\n")
        changed = wsgi_bench("resume", out, "--locustfile", file)
        file.write_text(VISITORS)
        again = wsgi_bench("resume", out, "--locustfile", file)

    assert "shop.py: Visitor has the host http://production.example, which is not asked" in plain(said.err)
    assert set(one.asked) == set(other.asked) == {"GET /"}
    _stored_rightly(suite, file, out)
    assert unnamed.code == 2
    assert "names the locust file shop.py, which is in no file of this checkout" in unnamed.err
    assert f"`wsgi-bench resume {out} --locustfile shop.py`" in unnamed.err
    assert changed.code == 2
    assert "the file has changed since the run began with it" in plain(changed.err)
    assert measured(again, out).plan.locust == suite.plan.locust


def _stored_rightly(suite: Suite, file: Path, out: Path) -> None:
    document = json.loads((out / RESULT).read_text())
    jsonschema.validate(document, SCHEMA)
    assert suite.plan.client == document["plan"]["client"] == "locustfile"
    assert suite.plan.locust is not None
    assert suite.plan.locust.name == "shop.py"
    assert suite.plan.locust.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert "between" not in (out / RESULT).read_text()
    assert {case["id"] for case in document["cases"]} == {
        "one/external/locustfile/users-3",
        "other/external/locustfile/users-3",
    }
    assert {name for trial in suite.trials for name in trial.histograms} == {"latency/GET a secret page"}
    assert suite.calibration is not None
    assert suite.calibration.keep_alive_rps > 0


@pytest.mark.slow
def test_servers_are_deployed_for_the_users_of_a_file(tmp_path: Path) -> None:
    file, out = tmp_path / "shop.py", tmp_path / "out"
    file.write_text(VISITORS)
    said = wsgi_bench(
        "run", "--profile", "smoke", "--locustfile", file, "--users", "2", "--out", out,
        "--app", "hello", "--servers", "waitress",
    )  # fmt: skip

    suite = measured(said, out)
    assert "runtime local: shop.py is in no image, nor is what it imports" in plain(said.err)
    assert all(trial.cpu_s for trial in suite.trials)
    assert "(sha256" in plain(said.out)
    assert "2 users of Visitor (FastHttpUser)" in plain(said.out)


@pytest.mark.slow
def test_a_project_s_own_application_need_have_no_front_page(tmp_path: Path) -> None:
    file, out = tmp_path / "locustfile.py", tmp_path / "out"
    file.write_text(VISITORS.replace('"/", name="a secret page"', '"/shop"'))
    (tmp_path / "wsgi.py").write_text(SHOP)
    said = wsgi_bench(
        "try", "--profile", "smoke", "--locustfile", file, "--users", "2", "--out", out,
        "--servers", "waitress", "--python", sys.executable, cwd=tmp_path,
    )  # fmt: skip
    suite = measured(said, out)
    without_trials(out)
    again = wsgi_bench(
        "resume", out, "--app", "wsgi:application", "--locustfile", file, "--python", sys.executable,
        cwd=tmp_path,
    )  # fmt: skip

    note = "GET / answers 404; the locust file says what is asked, and nothing of it was tried"
    assert note in plain(said.err)
    assert f"{note}." in suite.environment.notes
    assert suite.plan.locust is not None
    assert suite.plan.deployments[0].app.project is not None
    assert {name for trial in suite.trials for name in trial.histograms} == {"latency/GET /shop"}
    assert measured(again, out).plan.locust == suite.plan.locust


def test_init_writes_which_file_is_asked(tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(VISITORS)
    (tmp_path / "wsgi.py").write_text(SHOP)
    said = wsgi_bench(
        "init", "--locustfile", "locustfile.py", "--exclude-tags", "slow", "--servers", "waitress",
        "--python", sys.executable, cwd=tmp_path,
    )  # fmt: skip
    planned = wsgi_bench("run", "--dry-run", cwd=tmp_path)

    assert said.code == 0, said.err
    settings = tomllib.loads((tmp_path / "bench.toml").read_text())
    assert (settings["locustfile"], settings["exclude_tags"]) == ("locustfile.py", ["slow"])
    assert "url" not in settings
    assert planned.code == 0, planned.err
    assert "as the think times of locustfile.py want it" in plain(planned.out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--locustfile", "nothing.py"), "--locustfile nothing.py: No such file or directory"),
        (("--locustfile", str(FILES)), "Is a directory"),
        (("--user", "Visitor"), "--user chooses from a locust file: name it with --locustfile"),
        (("--tags", "read"), "--tags chooses from a locust file"),
        (("--locustfile", "x.py", "--rate", "5"), "--rate with --locustfile: its users decide when they ask"),
        (("--locustfile", "x.py", "--scenarios", "get"), "--scenarios and --locustfile exclude each other"),
        (("--locustfile", "x.py", "--url", "/"), "--url and --locustfile exclude each other"),
        (("--locustfile", "x.py", "--har", "x.har"), "--har and --locustfile exclude each other"),
        (("--locustfile", "x.py", "--host", "shop"), "--host: nothing of your own is asked"),
        (("--locustfile", "x.py", "--client", "fasthttp"), "--client with --locustfile"),
        (("--locustfile", "x.py", "--until", "2%"), "--until with --locustfile: that is about ratios of"),
        (("--locustfile", "x.py", "--processes", "4"), "its users are all in one process"),
        (
            ("--locustfile", str(FILES / "weighted.py"), "--user", "Buyer"),
            "weighted.py has no such user class, but Reader, Admin",
        ),
        (
            ("--locustfile", str(FILES / "weighted.py"), "--runtime", "compose"),
            "--runtime compose: weighted.py is in no image",
        ),
    ],
)
def test_what_doesn_t_go_with_a_file_is_refused(here: Here, options: tuple[str, ...], words: str) -> None:
    said = here("run", "--app", "hello", "--servers", "waitress", *options)

    assert said.code == 2
    assert words in plain(said.err)


def test_the_plan_is_told_before_anything_starts(here: Here) -> None:
    said = here("run", "--app", "hello", "--dry-run", "--locustfile", FILES / "weighted.py", "--users", "8")

    assert said.code == 0, said.err
    assert "6 rounds of 1 block, trials of 8 s or longer, as the think times of weighted.py want it" in plain(
        said.out
    )
    assert "8 users, with their think times" in said.out
