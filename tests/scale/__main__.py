"""`scripts/scale` says how it is used."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.scale import generators, merging, shares

_USAGE = "scripts/scale generators | shares RESULT... | merging [WORKERS...]"


def main() -> None:
    match sys.argv[1:]:
        case ["generators"]:
            generators.main()
        case ["shares", *results] if results:
            shares.main([Path(result) for result in results])
        case ["merging", *workers]:
            merging.main([int(number) for number in workers] or [1, 10, 100, 500])
        case _:
            sys.exit(_USAGE)


if __name__ == "__main__":
    main()
