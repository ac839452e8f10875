"""What makes two images the same, and what doesn't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.analysis.compare.surroundings import Difference, differences
from bench.deploy.identity import identity
from bench.deploy.images import official_image
from bench.model import Suite
from bench.model.errors import UsageError
from scripts.pin_images import pinned
from tests.make_suite import make_suite

COMPOSE = """
x-base: &base
  PYTHON_IMAGE: ${PYTHON_IMAGE:-python:3.13-slim-trixie@sha256:1}
services:
  redis: {image: "${REDIS_IMAGE:-redis:8@sha256:2}"}
"""


def inspected(**config: Any) -> dict[str, Any]:
    return {
        "Id": "sha256:1",
        "Created": "2026-01-01T00:00:00Z",
        "Os": "linux",
        "Architecture": "amd64",
        "RootFS": {"Type": "layers", "Layers": ["sha256:a", "sha256:b"]},
        "Config": {"Cmd": ["python"], "Labels": {"com.docker.compose.service": "wsgiref"}, **config},
    }


def test_labels_dates_and_an_engines_way_of_saying_nothing_are_no_content() -> None:
    one = inspected()
    other = inspected(
        Labels={"com.docker.compose.service": "null"}, Hostname="", Entrypoint=None, Env=[], WorkingDir=""
    )
    other |= {"Id": "sha256:2", "Created": "2026-02-02T00:00:00Z", "Variant": ""}

    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    "config",
    [{"Cmd": ["sh"]}, {"User": "0"}, {"Env": ["A=b"]}, {"Entrypoint": ["env"]}, {"WorkingDir": "/srv"}],
)
def test_a_setting_is_content(config: dict[str, Any]) -> None:
    assert identity(inspected(**config)) != identity(inspected())


def test_a_layer_is_content_and_so_is_the_platform() -> None:
    layer, platform = inspected(), inspected()
    layer["RootFS"]["Layers"] = ["sha256:a", "sha256:c"]
    platform["Architecture"] = "arm64"

    assert len({identity(one) for one in (inspected(), layer, platform)}) == 3


def test_the_compose_file_is_the_only_place_of_the_official_images() -> None:
    assert official_image(COMPOSE, "PYTHON_IMAGE") == "python:3.13-slim-trixie@sha256:1"

    with pytest.raises(UsageError, match="must name one image"):
        official_image(COMPOSE + "other: ${REDIS_IMAGE:-redis:7}", "REDIS_IMAGE")


def test_a_pin_moves_alone() -> None:
    moved = pinned(COMPOSE, {"redis:8": "sha256:3"})

    assert moved == COMPOSE.replace("redis:8@sha256:2", "redis:8@sha256:3")


def run_with(images: dict[str, str]) -> Suite:
    suite = make_suite({"gunicorn": 100.0})
    return replace(suite, environment=replace(suite.environment, images=images))


def test_runs_are_compared_by_the_images_that_both_have() -> None:
    old = run_with({"base": "sha256:" + "a" * 64, "gunicorn": "sha256:" + "b" * 64, "gunicorn (old)": "x"})
    new = run_with({"base": "sha256:" + "c" * 64, "gunicorn": "sha256:" + "b" * 64, "gunicorn (old)": "y"})
    child_processes = run_with({})

    assert differences(old, new) == (Difference("image of base", "a" * 12, "c" * 12),)
    assert differences(old, child_processes) == ()
