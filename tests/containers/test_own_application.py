"""Applications of somebody's own in containers: of our image, of theirs, of what their Dockerfile builds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.deploy import ownership
from bench.deploy.engine import Engine, find_engine
from bench.deploy.images import BUILT_HERE
from tests.cli.conftest import ROOT, environment

pytestmark = [pytest.mark.containers, pytest.mark.slow]

BASE = os.environ.get("PYTHON_IMAGE") or BUILT_HERE["PYTHON_IMAGE"]
PROJECTS = ROOT / "tests/projects"
SECRET = "the value of a secret"
DOCKERFILE = f"""
FROM {BASE}
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip_conf \\
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \\
    if [ -s /run/secrets/pip_conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip_conf; fi; \\
    python -m venv /app/venv; /app/venv/bin/pip install --no-cache-dir flask flask-sqlalchemy
ENV PATH=/app/venv/bin:$PATH
COPY notes/ /app/notes/
WORKDIR /app
ENTRYPOINT ["/app/entry.sh"]
"""


HARNESSES: set[int] = set()
"""The processes of all runs that were tried."""


def tried(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", "try", "--profile", "smoke", "--blocks", "1", *words]
    shell = environment(PYTHONPATH=str(ROOT), **variables)
    with subprocess.Popen(
        command, cwd=folder, env=shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as harness:
        HARNESSES.add(harness.pid)
        out, err = harness.communicate(timeout=200)
    return subprocess.CompletedProcess(command, harness.returncode, out, err)


def result_of(folder: Path) -> dict[str, Any]:
    [result] = (folder / "wsgi-bench-results").glob("*/result.json")
    document: dict[str, Any] = json.loads(result.read_text())
    return document


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine on which no run of the test has left anything in the end; those of others may be at work."""
    engine = find_engine()
    yield engine
    left = {int(harness.split("/")[1]) for harness in ownership.runs(engine).values() if "/" in harness}
    assert not left & HARNESSES


@pytest.mark.usefixtures("engine")
def test_a_django_project_in_our_image_is_prepared_limited_and_left_alone(tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECTS / "mysite", tmp_path / "mysite")
    before = sorted(folder.rglob("*"))

    ended = tried(
        folder,
        *("--runtime", "compose", "--servers", "waitress,gunicorn", "--setup", "python manage.py migrate"),
        *("--pass-env", "TOKEN", "--cpus", "0.5", "--memory", "200m"),
        TOKEN=SECRET,
    )

    assert ended.returncode == 0, ended.stderr
    document = result_of(folder)
    assert {case["verdict"]["valid"] for case in document["cases"]} == {True}
    assert document["plan"]["limits"] == {"cpus": 0.5, "memory_bytes": 200 << 20}
    of_servers = [one["read"] for one in document["confined"] if one["role"] == "server"]
    assert {(one["quota_cpus"], one["memory_bytes"]) for one in of_servers} == {(0.5, 200 << 20)}
    assert all(record["throttled_s"] is not None for record in document["deployments"])
    results = folder / "wsgi-bench-results"
    written = [path for path in results.rglob("*") if path.is_file()]
    assert len(written) > 3
    assert not [path for path in written if SECRET in path.read_text(errors="replace")]
    shutil.rmtree(results)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.usefixtures("engine")
def test_a_flask_project_of_its_own_dockerfile_runs_as_that_says(tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECTS / "notes", tmp_path / "notes")
    (folder / "Dockerfile").write_text(DOCKERFILE)

    ended = tried(folder, "notes:create_app()", "--dockerfile", "Dockerfile", "--servers", "waitress")

    assert ended.returncode == 0, ended.stderr
    document = result_of(folder)
    assert {case["verdict"]["valid"] for case in document["cases"]} == {True}
    [app] = {deployment["app"]["project"]["root"] for deployment in document["plan"]["deployments"]}
    assert app == "/app"
    assert "run as root, since the image names no USER" in ended.stderr
    assert "The image's ENTRYPOINT isn't run (/app/entry.sh)" in ended.stderr


@pytest.mark.usefixtures("engine")
def test_what_is_wrong_with_an_image_is_said(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    (tmp_path / "Wrong").write_text(f"FROM {BASE}\nRUN echo no such luck; exit 7\n")
    (tmp_path / "Closed").write_text(
        f"FROM {BASE}\nRUN mkdir -m 700 /srv/shop && echo 'app = None' > /srv/shop/web.py\n"
        f"WORKDIR /srv\nUSER 12345\n"
    )

    missing, pythonless, failing, misnamed, closed = (
        tried(tmp_path, "shop.web:app", *words).stderr
        for words in (
            ("--image", "wsgi-bench/no-such-image"),
            ("--dockerfile", "Dockerfile"),
            ("--dockerfile", "Wrong"),
            ("--image", BASE, "--python", "python9"),
            ("--dockerfile", "Closed", "--servers", "wsgiref"),
        )
    )

    assert "--image wsgi-bench/no-such-image: this machine has no such image" in missing
    assert "has no python and no python3 in its PATH" in pythonless
    assert "--dockerfile" in failing
    assert "no such luck" in failing
    assert "has no python9 in its PATH" in misnamed
    assert "in its /srv, as 12345: what that user may not read isn't there" in closed
