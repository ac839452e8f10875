"""Configuration files of servers as they are, with the harness's address instead of theirs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from bench.catalogue.ownline import command_of
from bench.catalogue.procfile import web_line
from bench.model.errors import UsageError

_ENDINGS = {".py": "gunicorn", ".ini": "uwsgi"}
_KEY = re.compile(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
# What speaks HTTP comes first: that kind is kept.
_HTTP = ("http", "http-socket", "http11-socket")
_ADDRESSES = (
    *_HTTP, "https", "https2", "https-socket", "socket", "uwsgi-socket", "s", "fastcgi", "fastcgi-socket",
    "scgi", "scgi-socket", "shared-socket", "stats", "stats-server",
)  # fmt: skip
_APPLICATIONS = ("module", "wsgi", "w", "wsgi-file", "file", "mount", "manage-script-name")
_DAEMON_OF_GUNICORN = re.compile(r"^daemon\s*=\s*True\b", re.MULTILINE)


def kind_of(path: str) -> str:
    """The program that a file configures, by its name: "gunicorn", "uwsgi", "procfile"; empty if none."""
    name = Path(path).name
    return "procfile" if name == "Procfile" else _ENDINGS.get(Path(name).suffix, "")


def command_for(kind: str, path: Path) -> tuple[str, ...]:
    """The command that serves as a file says, but on the address that is put in.

    Args:
        kind: as `kind_of` gives it.

    Raises:
        UsageError: the file can't be read, or can't be measured so.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None
    if kind == "procfile":
        line = web_line(path)
        if not line:
            raise UsageError(f"{path} has no line `web: COMMAND`")
        return command_of(line)
    if kind == "uwsgi":
        return _uwsgi(path, text)
    if _DAEMON_OF_GUNICORN.search(text):
        raise UsageError(
            f"{path} has `daemon = True`, and a server must stay in the foreground: leave it out"
        )
    return "gunicorn", "--config", str(path), "--bind", "{bind}", "{app}"


def _uwsgi(path: Path, text: str) -> tuple[str, ...]:
    options: Mapping[str, str] = dict(_KEY.findall(text))
    if daemon := [name for name in options if name.startswith("daemonize")]:
        raise UsageError(f"{path} has `{daemon[0]}`, and a server must stay in the foreground: leave it out")
    listens = next((name for name in _HTTP if name in options), "http-socket")
    application = () if any(name in options for name in _APPLICATIONS) else ("--module", "{app}")
    return "uwsgi", "--ini", _without_addresses(path, options), f"--{listens}", "{bind}", *application


def _without_addresses(path: Path, options: Mapping[str, str]) -> str:
    """The file, or where it has addresses a command that prints it without them: no option takes one back.

    https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html#loading-configuration-files
    """
    addresses = [name for name in _ADDRESSES if name in options]
    if not addresses:
        return str(path)
    # What a file says of its own folder, it says with %d.
    folder = str(path.parent).replace("&", r"\&").replace("|", r"\|")
    script = rf"s|%d|{folder}/|g; /^[[:space:]]*({'|'.join(addresses)})[[:space:]]*=/d"
    return f"exec://sed -E {shlex.quote(script)} {shlex.quote(str(path))}"
