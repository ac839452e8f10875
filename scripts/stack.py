"""`make up` and `make down`: the compose stack, to click around in.

    python scripts/stack.py up [SERVER]     start Redis and each server, or this one; print where they are
    python scripts/stack.py down            end them

Images are pulled or built as for a run. A run has containers of its own and leaves these alone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.catalogue.registry import load_servers
from bench.deploy.engine import Engine, find_engine
from bench.deploy.images import base_images, build
from bench.machine.interrupt import interruptible
from bench.model.errors import BenchError, UsageError

ROOT = Path(__file__).parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"
_START_S = 180.0


def up(engine: Engine, names: list[str]) -> None:
    """Start servers and wait until they are healthy.

    Raises:
        UsageError: there is no such server.
    """
    known = sorted(load_servers(COMPOSE_FILE))
    for name in names:
        if name not in known:
            raise UsageError(f"There is no server {name!r}. There are: {', '.join(known)}.")
    services = names or known
    bases = base_images(engine, ROOT, ("PYTHON_IMAGE", "REDIS_IMAGE"), _say)
    build(engine, [COMPOSE_FILE], services, bases, _say)
    _say("starting")
    environment = {**os.environ, **bases}
    _compose(engine, "up", "--detach", "--wait", "--no-build", *services, environment=environment)
    for name in services:
        print(f"{name:18} http://{_compose(engine, 'port', name, '8000', environment=environment).strip()}/")


def down(engine: Engine) -> None:
    """End whatever `up` started."""
    _compose(engine, "--profile", "*", "down", "--remove-orphans", environment=dict(os.environ))


def _compose(engine: Engine, *arguments: str, environment: dict[str, str]) -> str:
    file = ("--file", str(COMPOSE_FILE))
    return engine.run_compose(*file, *arguments, environment=environment, timeout_s=_START_S)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main(arguments: list[str]) -> int:
    try:
        with interruptible():
            match arguments:
                case ["up", *names]:
                    up(find_engine(), names)
                case ["down"]:
                    down(find_engine())
                case _:
                    raise UsageError("Say `up`, `up SERVER` or `down`.")
    except BenchError as error:
        _say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
