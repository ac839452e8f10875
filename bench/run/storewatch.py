"""Whether Redis lasts while servers are measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.deploy import Runtime
from bench.model.errors import StoreError


@contextmanager
def store_watched(runtime: Runtime) -> Iterator[None]:
    """Say that Redis ended, if it did, whatever that was noticed by; what servers answer then isn't theirs.

    Raises:
        StoreError: it did, or doesn't answer.
    """
    noticed: StoreError | None = None
    try:
        yield
    except StoreError as error:
        noticed = error
    how = runtime.how_store_ended()
    if how:
        raise StoreError(
            f"Redis {how} while servers were being measured: errors in the last trials may be of that, and "
            f"not the servers' own."
        ) from noticed
    if noticed is not None:
        raise noticed
