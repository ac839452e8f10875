"""The images of this checkout's servers and driver: built, and held to what they were built from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.catalogue.versions import Checkout
from bench.deploy import images
from bench.deploy.buildcontext import build_context
from bench.deploy.engine import Engine
from bench.model.errors import EngineError

LABEL = "wsgi-bench.source"
"""What an image's label with the digest of its source is called; docker-compose.yml writes it."""
_VARIABLE = "BUILD_SOURCE"
# What .dockerignore lets in.
_FOLDERS = ("apps", "bench", "servers")
_ATTEMPTS = 3


def of_checkout(
    engine: Engine, checkout: Checkout, services: Iterable[str], bases: Mapping[str, str], say: images.Say
) -> Mapping[str, str]:
    """Build them; a run from another checkout that gives their names to images of its own changes nothing.

    Args:
        services: of the compose file; one that only names an image is left as it is.

    Returns:
        By image name, the engine's id of what was built.

    Raises:
        EngineError: a build failed, or other runs take the names each time.
    """
    with build_context(checkout) as compose_file:
        source = digest(compose_file.parent, bases)
        told = {**bases, _VARIABLE: source}
        resolved = images.services(engine, [compose_file], told)
        wanted = sorted({name for name in services if "build" in resolved[name]})
        names = sorted({resolved[name]["image"] for name in wanted})
        for _ in range(_ATTEMPTS):
            images.build(engine, [compose_file], wanted, told, say)
            built = json.loads(engine.run("image", "inspect", *names))
            if all((image["Config"].get("Labels") or {}).get(LABEL) == source for image in built):
                return {name: str(image["Id"]) for name, image in zip(names, built, strict=True)}
            say("another run has built images of the same names meanwhile, from another checkout")
    raise EngineError(
        f"Another run builds images of the same names ({', '.join(names)}) from another checkout, each "
        f"time that this one has built its own. Run again when that one has begun to measure."
    )


def digest(folder: Path, bases: Mapping[str, str]) -> str:
    """Of all that these images are made of: the files that a build may copy, and the base images' names."""
    made_of = hashlib.sha256(json.dumps(dict(bases), sort_keys=True).encode())
    for path in sorted(path for name in _FOLDERS for path in (folder / name).rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            made_of.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return made_of.hexdigest()
