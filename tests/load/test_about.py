"""Whether a generator is the same program as its master's."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace

import pytest

from bench.load.elsewhere.about import About, about, differences

MASTER = About(
    host="a", python="3.13.1", versions={"wsgi-bench": "0.1.0", "locust": "2.47.0"}, code="0123456789abcdef"
)
IN_AN_IMAGE = replace(MASTER, versions={"locust": "2.47.0"})


def test_an_image_has_our_code_without_a_version() -> None:
    assert differences(MASTER, IN_AN_IMAGE) == []
    assert differences(IN_AN_IMAGE, MASTER) == []
    assert differences(IN_AN_IMAGE, IN_AN_IMAGE) == []
    # It is told by its digest.
    assert "other code" in differences(MASTER, replace(IN_AN_IMAGE, code="other"))[0]


def test_what_it_consists_of_has_to_be_the_same() -> None:
    assert differences(MASTER, replace(MASTER, versions={"wsgi-bench": "0.1.0"})) == [
        "locust none instead of 2.47.0"
    ]
    assert differences(MASTER, replace(MASTER, versions={**MASTER.versions, "wsgi-bench": "0.2.0"})) == [
        "wsgi-bench 0.2.0 instead of 0.1.0"
    ]
    assert differences(MASTER, replace(MASTER, python="3.11.7")) == ["Python 3.11.7 instead of 3.13.1"]
    assert differences(MASTER, replace(MASTER, python="3.13.9")) == []


def test_a_package_that_is_not_installed_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.metadata.version

    def version(package: str) -> str:
        if package == "wsgi-bench":
            raise importlib.metadata.PackageNotFoundError(package)
        return known(package)

    monkeypatch.setattr(importlib.metadata, "version", version)

    assert "wsgi-bench" not in about().versions
    assert "locust" in about().versions
