"""A user's project: where an application that isn't ours comes from, and what it is served with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Project:
    """The folder of an application, and the Python that it has.

    Attributes:
        root: absolute; the working directory of what serves it, and the first folder of its import path.
        python: absolute path of its interpreter.
        callable: what is served, as servers read it.
        version: of that, e.g. "Python 3.12.4".
        starts: by server, the words that stand for the first word of its command.
        overlays: by server, the folder that ends PYTHONPATH: what the server needs and the environment lacks.
            Those that the environment has aren't in it.
        versions: by distribution, of the servers as the project has them and of the framework.
        proxied: whether it is asked as if by a proxy, with X-Forwarded-Proto or its like, which a server then
            has to trust.
        variables: names of those that the user gave it beside the shell's; values are never stored.
        image: what its containers are made from: the user's image, the name of the Dockerfile, or "ours";
            empty for child processes. In containers folders and Python are those of the image.
    """

    root: str
    python: str = ""
    callable: str = ""
    version: str = ""
    starts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overlays: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    image: str = ""
    proxied: bool = False
