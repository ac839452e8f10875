"""`--server SPEC`: a server with settings of its own, a configuration file, or a line of the user's.

waitress:threads=8                     a server of docker-compose.yml with other numbers
gunicorn.conf.py, uwsgi:mine.ini       its configuration as it is, on the harness's address
prod='gunicorn shop.wsgi -b {bind}'    exactly this
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bench.ask.serverfile import command_for, kind_of
from bench.ask.words import hint
from bench.catalogue.ownline import (
    PLACEHOLDERS,
    PROGRAMS,
    command_of,
    goes_into_background,
    program_of,
    unknown_placeholders,
)
from bench.model import Server
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.model.variant import KINDS

_LABELLED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})=(.+)", re.DOTALL)
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
# Servers whose configuration files are read.
_CONFIGURED = ("gunicorn", "uwsgi")
_MOST = {"workers": 256, "threads": 4096}
_GRACE_S = 12.0
_WAYS = (
    "Write NAME or NAME:threads=8 of a known one, a configuration file (gunicorn.conf.py, uwsgi.ini, "
    "Procfile), or LABEL='COMMAND'"
)


def read_servers(
    specs: Iterable[str], known: Mapping[str, Server], folder: Path, taken: Collection[str] = ()
) -> tuple[Server, ...]:
    """The servers of all specs.

    Args:
        taken: names that other servers of the run have.

    Raises:
        UsageError: names every spec that can't be measured.
    """
    servers: dict[str, Server] = {}
    with Problems() as problems:
        for spec in specs:
            with problems.collected():
                server = read_server(spec, known, folder)
                if server.name in servers or server.name in taken:
                    raise UsageError(
                        f"--server '{spec}': another server of this run is called {server.name}. Give each "
                        f"its own label, as in {server.name}-2={_unlabelled(spec)}."
                    )
                servers[server.name] = server
    return tuple(servers.values())


def read_server(spec: str, known: Mapping[str, Server], folder: Path) -> Server:
    """The server that a spec stands for.

    Args:
        known: those of docker-compose.yml, by name.
        folder: where files of a spec are looked for.

    Raises:
        UsageError: there is no such server; says what to write.
    """
    labelled = _LABELLED.fullmatch(spec.strip())
    label, what = (labelled[1], labelled[2].strip()) if labelled else ("", spec.strip())
    try:
        server = _server(label, what, known, folder)
    except UsageError as error:
        raise UsageError(f"--server '{spec}': {str(error).rstrip('.')}.") from None
    _require_name(spec, server, known)
    return server


def _server(label: str, what: str, known: Mapping[str, Server], folder: Path) -> Server:
    name, _, rest = what.partition(":")
    if what in known:
        return replace(known[what], name=label, service=what) if label else known[what]
    if name in known and "=" in rest:
        return _with_settings(label, known[name], rest)
    if name in known and ":" in what and not (rest and name in _CONFIGURED):
        if not known[name].settings:
            raise UsageError(
                f"{name} has no setting that could be given behind its name. Write {name} alone."
            )
        raise UsageError(f"{name} takes settings, as in {name}:{known[name].settings[-1]}=8")
    kind = name if name in _CONFIGURED and rest and " " not in what else kind_of(what)
    if kind and " " not in what:
        path = folder.absolute() / (rest if kind == name else what)
        return _own(label or path.name, command_for(kind, path))
    if not label:
        if " " in what:
            raise UsageError(f"a command needs a label: write LABEL='{what}'")
        raise UsageError(
            f"there is no server '{name}'{hint(name, known)}. Known are {', '.join(known)}. {_WAYS}"
        )
    if name in known or (" " not in what and hint(name, known)):
        raise UsageError(f"'{what}' is neither a server{hint(name, known)} nor a command line. {_WAYS}")
    if unknown := unknown_placeholders(what):
        raise UsageError(
            f"there is no placeholder {{{unknown[0]}}}{hint(unknown[0], PLACEHOLDERS)}. There are "
            f"{', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
        )
    return _own(label, command_of(what))


def _own(name: str, command: tuple[str, ...]) -> Server:
    if option := goes_into_background(command):
        raise UsageError(f"{option} sends it into the background, and a server must stay here: leave it out")
    program = PROGRAMS.get(program_of(command))
    return Server(
        name=_UNFIT.sub("-", name),
        title=name,
        command=command,
        environment={},
        workers=None,
        threads=None,
        keep_alive=None,
        concurrency="as its own line says",
        default=False,
        docs="",
        package=program.package if program else "",
        stop_signal=program.stop_signal if program else "SIGTERM",
        stop_grace_s=_GRACE_S,
        own=True,
    )


def _with_settings(label: str, server: Server, text: str) -> Server:
    counts: dict[str, int] = {}
    for pair in text.split(","):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if key not in server.settings:
            raise UsageError(
                f"{server.name} has no setting '{key}'{hint(key, server.settings)}. "
                + (f"It has {' and '.join(server.settings)}" if server.settings else "It has none")
            )
        if not equals or not value.isascii() or not value.isdecimal() or not 1 <= int(value) <= _MOST[key]:
            raise UsageError(f"'{pair.strip()}' isn't {key}=N, with N from 1 to {_MOST[key]:,}")
        if key in counts:
            raise UsageError(f"{key} stands there twice")
        counts[key] = int(value)
    return replace(
        server,
        name=label or f"{server.name}-{_in_short(counts)}",
        title=f"{server.title}, {', '.join(f'{name} {count}' for name, count in counts.items())}",
        environment={**server.environment, **{name.upper(): str(count) for name, count in counts.items()}},
        service=server.name,
        settings=tuple(name for name in server.settings if name not in counts),
        workers=counts.get("workers", server.workers),
        threads=counts.get("threads", server.threads),
    )


def _in_short(counts: Mapping[str, int]) -> str:
    """ "2x4" of workers and threads, "8t" of threads alone."""
    if len(counts) == 2:
        return f"{counts['workers']}x{counts['threads']}"
    return "".join(f"{count}{name[0]}" for name, count in counts.items())


def _unlabelled(spec: str) -> str:
    labelled = _LABELLED.fullmatch(spec.strip())
    return f"'{labelled[2]}'" if labelled else spec


def _require_name(spec: str, server: Server, known: Mapping[str, Server]) -> None:
    """That no other server is called so, and none that belongs to another."""
    if server.name in known and server != known[server.name]:
        raise UsageError(
            f"--server '{spec}': {server.name} is a server of its own here. Choose another label, as in "
            f"my-{server.name}=..."
        )
    if ending := next((k.suffix for k in KINDS.values() if k.suffix and server.name.endswith(k.suffix)), ""):
        raise UsageError(
            f"--server '{spec}': a label can't end with '{ending}', as twins and old versions do."
        )
