"""What an image is: its content, which is the same whoever built it and when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.deploy.engine import Engine
from bench.model import Deployment
from bench.model.variant import THIS_CHECKOUT

# What of an image's settings decides how its programs run. Labels and history name the tool, the service and
# the hour that it was built by, and engines write different words for a setting that nobody made.
_SETTINGS = (
    "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck",
    "Shell", "StopSignal", "User", "Volumes", "WorkingDir",
)  # fmt: skip
# Among a run's images, beside those of servers, Redis and the driver: what servers and driver are built on.
_BASE = "base"


@dataclass(frozen=True)
class Image:
    """An image that this machine has.

    Attributes:
        id: what the engine calls it; another one whenever it is built anew, of the same content, too.
        identity: digest of its layers and settings: equal where its content is.
    """

    id: str
    identity: str
    size_bytes: int


def pin(
    engine: Engine, services: Mapping[str, dict[str, Any]], deployments: Sequence[Deployment], base: str
) -> tuple[dict[str, str], dict[str, int]]:
    """Describe a run's images, and have its containers made from these, whatever their names mean later.

    Args:
        services: of the run's compose file; their `image` becomes the engine's id of it.
        base: what the images of servers and driver are built on.

    Returns:
        The identities, by server (as `Kind.named` those of another source), and sizes in bytes, by service.
    """
    used = {name: service["image"] for name, service in services.items()}
    described = describe(engine, [*used.values(), base])
    for name, service in services.items():
        service["image"] = described[used[name]].id
    servers = {
        d.name: d.server.name if d.variant.source == THIS_CHECKOUT else d.variant.kind.named(d.server.name)
        for d in deployments
    }
    identities = {servers.get(name, name): described[image].identity for name, image in used.items()}
    sizes = {name: described[image].size_bytes for name, image in used.items()}
    return {_BASE: described[base].identity, **identities}, sizes


def describe(engine: Engine, names: Iterable[str]) -> dict[str, Image]:
    """The images of these names.

    Raises:
        CommandFailed: this machine lacks one.
    """
    wanted = sorted(set(names))
    inspected = json.loads(engine.run("image", "inspect", *wanted))
    return {
        name: Image(str(image["Id"]), identity(image), int(image["Size"]))
        for name, image in zip(wanted, inspected, strict=True)
    }


def identity(inspected: Mapping[str, Any]) -> str:
    """Digest of an image's content, from what `docker image inspect` says of it."""
    config = inspected.get("Config") or {}
    content = {
        "platform": [inspected.get("Os"), inspected.get("Architecture"), inspected.get("Variant") or ""],
        "layers": (inspected.get("RootFS") or {}).get("Layers") or [],
        "settings": {name: config[name] for name in _SETTINGS if config.get(name)},
    }
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
