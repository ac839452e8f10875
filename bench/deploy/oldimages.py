"""The images of an old version: built from its checkout on this version's base images, for one run alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.catalogue.versions import Checkout
from bench.deploy import images
from bench.deploy.engine import Engine
from bench.model import Deployment


def build(
    engine: Engine,
    old: Checkout,
    deployments: Sequence[Deployment],
    run_id: str,
    labels: Mapping[str, str],
    bases: Mapping[str, str],
    say: images.Say,
) -> Mapping[str, Any]:
    """Build them, and resolve the services of the old version's compose file.

    Args:
        labels: put on every image, by which it is removed when the run has ended.

    Raises:
        EngineError: a build failed; has the end of its output.
    """
    as_it_stands = images.services(engine, [old.compose_file], bases)
    wanted = dict.fromkeys(deployment.server.name for deployment in deployments if deployment.old)
    # One that only names an image is used as it stands.
    built = [name for name in wanted if "build" in as_it_stands.get(name, {})]
    if not built:
        return as_it_stands
    files = [old.compose_file, _overriding(old.scratch / "images.json", built, run_id, labels)]
    images.build(engine, files, built, bases, say)
    return images.services(engine, files, bases)


def _overriding(file: Path, servers: Sequence[str], run_id: str, labels: Mapping[str, str]) -> Path:
    services = {
        name: {"image": f"wsgi-bench/{name}:old-{run_id}", "build": {"labels": dict(labels)}}
        for name in servers
    }
    file.write_text(json.dumps({"services": services}, indent=1))
    return file
