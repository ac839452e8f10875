"""What an application of the user's own finds around it: an environment, and a state that is put back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.deploy.contained import Contained


def _nothing() -> None:
    pass


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Outside:
    """What is there beside the harness.

    Attributes:
        shell: the environment that applications get something of, or in a project of their own all of.
        reset: puts the application's state back, before each round. Raises StoreError where that fails.
        hide: keeps secrets out of a line of a log that is quoted.
        contained: what the user's own application is deployed from, in containers.
    """

    shell: Mapping[str, str]
    reset: Callable[[], None] = _nothing
    hide: Callable[[str], str] = _as_it_is
    contained: Contained | None = None


OF_THE_HARNESS = Outside(os.environ)
"""The environment that the harness was started in, and no state."""
