"""The server lines that a project has already, in the form that `--server` takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.catalogue.procfile import web_line

# Where projects keep them, the most usual first.
_FOLDERS = ("", "deploy", "config", "conf", "etc", "docker")
_FILES = ("gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "gunicorn.py", "uwsgi.ini")
# Of gunicorn: a module of an application's that is called so sets none of them.
_SETTINGS = frozenset(
    (
        *("accesslog", "backlog", "bind", "chdir", "errorlog", "graceful_timeout", "keepalive", "loglevel"),
        *("max_requests", "preload_app", "threads", "timeout", "worker_class", "workers", "wsgi_app"),
    )
)


@dataclass(frozen=True)
class FoundLine:
    """A server as a project starts it.

    Attributes:
        label: what the report calls it.
        spec: for `--server`, with the path from the project's folder.
        origin: the file that says so, from there.
    """

    label: str
    spec: str
    origin: str


def find_server_lines(folder: Path) -> Sequence[FoundLine]:
    """Those of a folder's files; the first is what it is most likely deployed with, its baseline.

    A Procfile names the command itself, and may name one of the other files.
    """
    lines: list[FoundLine] = []
    web = web_line(folder / "Procfile")
    if web:
        lines.append(FoundLine("web", "web=Procfile", "Procfile"))
    for place in _FOLDERS:
        for name in _FILES:
            path = Path(place, name)
            if not (folder / path).is_file() or path.name in web or not _configures(folder / path):
                continue
            kind = "uwsgi" if path.suffix == ".ini" else "gunicorn"
            label = name if name not in {line.label for line in lines} else f"{place}-{name}"
            lines.append(FoundLine(label, f"{label}={kind}:{path}", str(path)))
    return lines


def _configures(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if path.suffix == ".ini":
        return "[uwsgi]" in text
    return any(line.partition("=")[0].strip() in _SETTINGS for line in text.splitlines() if "=" in line)
