"""`python -m apps.shortly.seed --links N`: replace a Redis database by links that are known beforehand.

Link n of 1 ... N leads from n in base 36 to `http://example.com/link/n`.
"""

from __future__ import annotations

import argparse
import sys

from apps.shortly.links import LinkStore, StoreUnavailableError
from apps.shortly.settings import from_environment


def main() -> int:
    """Seed database REDIS_DB at REDIS_HOST:REDIS_PORT; the exit code is 1 if Redis doesn't let us."""
    parser = argparse.ArgumentParser(prog="python -m apps.shortly.seed", description=__doc__)
    parser.add_argument("--links", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    count = parser.parse_args().links
    if count < 1:
        parser.error("--links must be at least 1")
    try:
        settings = from_environment()
    except ValueError as error:
        parser.error(str(error))
    store = LinkStore(settings.redis_host, settings.redis_port, settings.redis_db, connections=1)
    where = f"database {settings.redis_db} of Redis at {settings.redis_host}:{settings.redis_port}"
    try:
        store.replace_all(f"http://example.com/link/{n}" for n in range(1, count + 1))
    except StoreUnavailableError as error:
        print(
            f"Can't seed {where}: {error}. Start it, or set REDIS_HOST, REDIS_PORT and REDIS_DB.",
            file=sys.stderr,
        )
        return 1
    print(f"{count} links in {where}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
