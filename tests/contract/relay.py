"""A way to the containers of a run, which this machine can't reach: a container on all their networks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bench.deploy.composefile import DRIVER, PORT
from bench.deploy.engine import Engine

_FIRST_PORT = 9001
# Hands on bytes both ways, and the end of either direction.
_SCRIPT = """
import asyncio, sys

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()

def relay(name):
    async def accepted(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(name, int(sys.argv[2]))
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
        far_writer.close()
        writer.close()
    return accepted

async def main():
    for port, name in enumerate(sys.argv[3:], int(sys.argv[1])):
        await asyncio.start_server(relay(name), "0.0.0.0", port)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def start_relay(engine: Engine, directory: Path) -> Mapping[str, str]:
    """Start it for the run in a directory; it ends with the run.

    Returns:
        The URL of each deployment.
    """
    file = json.loads((directory / "compose.json").read_text())
    names = sorted(file["networks"])
    labels = file["networks"][names[0]]["labels"]
    labelled = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    container = engine.run(
        *("run", "--detach", "--rm", "--init", *labelled, file["services"][DRIVER]["image"]),
        *("python", "-c", _SCRIPT, str(_FIRST_PORT), str(PORT), *names),
    ).strip()
    for name in names:
        engine.run("network", "connect", f"{file['name']}_{name}", container)
    (state,) = json.loads(engine.run("inspect", container))
    address = state["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    return {name: f"http://{address}:{port}" for port, name in enumerate(names, _FIRST_PORT)}
