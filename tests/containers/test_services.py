"""A compose file of the user's own: up for a run, or refused with what its service said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from bench.deploy.images import base_images
from bench.deploy.services import services
from bench.model.errors import UsageError
from tests.installed import ROOT

pytestmark = [pytest.mark.containers, pytest.mark.slow]

PYTHON = "PYTHON_IMAGE"
FILE = """services:
  worker:
    image: {image}
    command: ["python3", "-c", "{code}"]
    healthcheck: {{ test: ["CMD", "true"], interval: 1s, retries: 60 }}
"""


def up(folder: Path, code: str) -> list[str]:
    """Have a service run this code for as long as a run that does nothing takes; what was said."""
    image = base_images(find_engine(), ROOT, [PYTHON], print)[PYTHON]
    file = folder / "compose.yml"
    file.write_text(FILE.format(image=image, code=code))
    said: list[str] = []
    with services(file, f"wsgi-bench-test-{os.getpid()}", os.environ, said.append):
        pass
    return said


def test_a_service_that_fails_before_it_is_healthy_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="worker ended with exit code 1: no lock file"):
        up(tmp_path, "raise SystemExit('no lock file')")


def test_one_that_has_done_its_work_is_not_missed(tmp_path: Path) -> None:
    assert up(tmp_path, "print('migrated')") == ["starting the services of compose.yml"]
