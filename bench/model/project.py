"""A user's own project: where its application runs, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """What serving a project's application takes.

    Attributes:
        root: absolute; the working directory of the served application.
        python: absolute path of its interpreter.
        callable: e.g. "shop.wsgi:application" or "notes:create_app('x')".
        overlays: server name to the folder that is put at the end of PYTHONPATH for it.
        variables: names of the environment variables that were passed to it; never values.
    """

    root: str
    python: str
    callable: str
    overlays: Mapping[str, str]
    variables: tuple[str, ...]
