"""A server that is the user's own line: the address that is put into it, and whether it takes that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.catalogue.ownline import filled, how_to_bind, placeholders_of, program_of
from bench.machine.listening import listening
from bench.machine.place import Place
from bench.model import Deployment

LISTEN = "WSGI_BENCH_LISTEN"
"""The variable by which what a user's line or application leaves running is found: its value no other server
has meanwhile."""


def command(deployment: Deployment, host: str, port: int, socket: str) -> Sequence[str]:
    """What starts a server at an address; any but the user's own learns it from its environment.

    Args:
        socket: the path of a unix socket, for a line that asks for one.
    """
    if not deployment.server.own:
        return deployment.server.command
    values = {"bind": f"{host}:{port}", "host": host, "port": str(port), "socket": socket}
    return filled(deployment.server.command, {**values, "app": deployment.app.callable})


def variables(deployment: Deployment, given: str, folder: Path | None) -> dict[str, str]:
    """What users' code has in its environment beside the usual. By it what it detaches is found; gunicorn
    learns its address where the line leaves that to a file, and has its control socket where no other does.

    Args:
        folder: its own, if it `wants_folder`.

    Sources: https://gunicorn.org/configure/: the command line overrides GUNICORN_CMD_ARGS, and that the file;
    https://gunicorn.org/reference/settings/#control_socket
    """
    if not is_marked(deployment):
        return {}
    told = {LISTEN: given}
    if _is_gunicorn(deployment):
        told["XDG_RUNTIME_DIR"] = str(folder)
        if not _told(deployment.server.command):
            told["GUNICORN_CMD_ARGS"] = f"--bind {given}"
    return told


def is_marked(deployment: Deployment) -> bool:
    """Whether code of a user's runs in it, which may start what doesn't end with it."""
    return deployment.server.own or deployment.app.project is not None


def socket_in(folder: Path | None, deployment: Deployment) -> str:
    """The path on which a line that asks for one is to listen; empty for all others."""
    return str(folder / "server.sock") if folder and _wants_socket(deployment) else ""


def wants_folder(deployment: Deployment) -> bool:
    """Whether it gets a folder for its sockets: for one that it listens on, or gunicorn's control socket."""
    return _wants_socket(deployment) or _is_gunicorn(deployment)


def _wants_socket(deployment: Deployment) -> bool:
    return deployment.server.own and "socket" in placeholders_of(deployment.server.command)


def _is_gunicorn(deployment: Deployment) -> bool:
    return deployment.server.own and program_of(deployment.server.command) == "gunicorn"


def elsewhere(deployment: Deployment, pid: int, given: str, place: Place) -> str:
    """What is wrong with a line that listens somewhere, but not where it was told to; empty if nothing is.

    Args:
        pid: of its main process.
        given: the address, or the path of the unix socket.
    """
    addresses = listening(pid, place)
    port = given.rpartition(":")[2]
    if not addresses or {given, f"0.0.0.0:{port}", f"[::]:{port}"} & set(addresses):
        return ""
    # gunicorn has a control socket beside its address.
    shown = [address for address in addresses if not address.startswith(("/", "@"))] or addresses
    if _told(deployment.server.command):
        return (
            f"it listens on {', '.join(shown)} instead of {given}, which its line is given: see that its "
            f"program takes it from there, and that nothing else sets another"
        )
    return (
        f"it listens on {', '.join(shown)} instead of the address that its line is given, another each "
        f"time: put {how_to_bind(deployment.server.command)} in the line"
    )


def _told(line: Sequence[str]) -> bool:
    """Whether an address is put into a line."""
    return bool({"bind", "port", "socket"} & placeholders_of(line))
