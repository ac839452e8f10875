"""What a deployment is of its server, and where its code comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where the code and the environment of a deployment come from: a checkout of wsgi-bench.

    Attributes:
        asked: as the user named it; empty for the checkout that the harness itself runs from.
        commit: of the repository that this checkout belongs to, or the one that a folder stands at; None for
            a folder that is no git checkout.
        compose_file: of a folder that is used as it stands, absolute; None for a commit.
    """

    asked: str
    commit: str | None
    compose_file: str | None = None


THIS_CHECKOUT = Source("", None)


@dataclass(frozen=True)
class Kind:
    """A way in which a deployment is of its server.

    Attributes:
        name: of its flag in `result.json`; ends the names of its deployments and cases, after a hyphen. Empty
            for the server itself.
        ranked: whether it is set against other servers, as one of them, and described beside them.
    """

    name: str
    ranked: bool

    @property
    def suffix(self) -> str:
        """What the names of its deployments have behind the server's."""
        return f"-{self.name}" if self.name else ""

    def named(self, name: str) -> str:
        """What `Environment` calls a package or an image of its own source: e.g. "flask (old)"."""
        return f"{name} ({self.name})"


SERVER = Kind("", ranked=True)
TWIN = Kind("twin", ranked=False)
"""A second, identical deployment."""
OLD = Kind("old", ranked=False)
"""The server of the version that `--against` names."""

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (SERVER, TWIN, OLD)}


@dataclass(frozen=True)
class Variant:
    """What a deployment is of its server."""

    kind: Kind = SERVER
    source: Source = THIS_CHECKOUT


ITSELF = Variant()
"""The server itself, of the checkout that the harness runs from."""
