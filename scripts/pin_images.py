"""`make pin-images`: moves the pins of the base images to what their names mean today.

docker-compose.yml names the official images by their digest, as the registry gives it now.
servers/base/contents lists what the images built from Debian's packages are made of.
What can't be reached keeps its pin.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.catalogue.versions import COMPOSE_FILE
from bench.deploy.engine import Engine, find_engine
from bench.deploy.images import BUILT_HERE, official_image
from bench.machine import process
from bench.machine.interrupt import interruptible
from bench.model.errors import BenchError
from bench.store import replace_file

ROOT = Path(__file__).parents[1]
_PULL_S = 900.0
_BUILD_S = 1800.0


def pinned(compose_file: str, digests: Mapping[str, str]) -> str:
    """A compose file with other digests.

    Args:
        digests: of each image, `NAME:TAG`.
    """
    for variable in BUILT_HERE:
        image = official_image(compose_file, variable)
        name = image.partition("@")[0]
        if name in digests:
            compose_file = compose_file.replace(f":-{image}}}", f":-{name}@{digests[name]}}}")
    return compose_file


def _digest(engine: Engine, image: str) -> str:
    """What the registry calls an image today.

    Raises:
        CommandFailed: it can't be pulled.
    """
    engine.run("pull", "--quiet", image, timeout_s=_PULL_S)
    known: list[str] = json.loads(engine.run("image", "inspect", "--format", "{{json .RepoDigests}}", image))
    return known[0].rpartition("@")[2]


def _move(engine: Engine) -> bool:
    """Whether every pin could be moved."""
    file = ROOT / COMPOSE_FILE
    text = file.read_text()
    digests, problems = {}, []
    for variable in BUILT_HERE:
        image = official_image(text, variable).partition("@")[0]
        try:
            digests[image] = _digest(engine, image)
        except process.CommandFailed as error:
            problems.append(f"{image} can't be pulled, so its pin stays: {_last_line(error)}")
    replace_file(file, pinned(text, digests))
    try:
        print(process.run([str(ROOT / "servers/base/build"), "--pin"], timeout_s=_BUILD_S, merge_errors=True))
    except process.CommandFailed as error:
        problems.append(f"servers/base/contents stays as it is: {_last_line(error)}")
    for image, digest in digests.items():
        print(f"{image} is {digest}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return not problems


def _last_line(error: process.CommandFailed) -> str:
    return (error.output.strip().splitlines() or ["no reason given"])[-1]


def main() -> int:
    try:
        with interruptible():
            return 0 if _move(find_engine()) else 1
    except BenchError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
