"""Lines by which users start their own servers: words, placeholders, and what is known of the programs."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from bench.model.errors import UsageError

PLACEHOLDERS = ("bind", "host", "port", "socket", "app")
"""What is put in for `{bind}` and its like each time that a server is started."""
_PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)\}")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_EXPANDED = re.compile(r"[$`]")
_SHELL = re.compile(r"[|&;<>*?~\n]")
_CONTROL = re.compile(r"\|\||[|;\n]|(?<!&)&(?!&)")
_RUNNERS = ("uv", "poetry", "pipenv", "pdm", "hatch")


@dataclass(frozen=True)
class Program:
    """What is known of a program that serves WSGI applications.

    Attributes:
        package: the distribution that it comes from.
        stop_signal: on which it ends gracefully, or at all.
        address: how its line takes the address.
        daemon: the options by which it goes into the background.
    """

    package: str
    stop_signal: str
    address: str
    daemon: tuple[str, ...] = ()


PROGRAMS: Mapping[str, Program] = {
    "gunicorn": Program("gunicorn", "SIGTERM", "-b {bind}", ("-D", "--daemon")),
    # Unless told otherwise it takes SIGTERM for a reload:
    # https://uwsgi-docs.readthedocs.io/en/latest/Management.html#signals-for-controlling-uwsgi
    "uwsgi": Program("pyuwsgi", "SIGINT", "--http-socket {bind}", ("-d", "--daemonize", "--daemonize2")),
    "waitress-serve": Program("waitress", "SIGINT", "--listen={bind}"),
    "granian": Program("granian", "SIGTERM", "--host {host} --port {port}"),
    "cheroot": Program("cheroot", "SIGINT", "--bind {bind}"),
    "mod_wsgi-express": Program("mod-wsgi", "SIGTERM", "--host {host} --port {port}"),
    "flask": Program("werkzeug", "SIGINT", "--host {host} --port {port}"),
}
FETCHED = PROGRAMS.keys() - {"flask"}
"""Those that a package index has by themselves; flask comes with its application, or not at all."""
_MODULES = {"waitress": "waitress-serve"}


def unknown_placeholders(line: str) -> list[str]:
    """The names in braces that nothing is put in for; `${NAME}` is the shell's."""
    return [name for name in _PLACEHOLDER.findall(line) if name not in PLACEHOLDERS]


def command_of(line: str) -> tuple[str, ...]:
    """The words that run a line. What needs a shell gets one, which the server takes the place of.

    Raises:
        UsageError: it has a quotation mark without its pair, or no word.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"its quotation marks don't pair ({str(error).lower()})") from None
    if not words:
        raise UsageError("its line is empty")
    # What the shell looks into, and what it acts on.
    unquoted = _QUOTED.sub(lambda quoted: quoted[0] if quoted[0].startswith('"') else "", line)
    bare = _without_quoted(line)
    if not _EXPANDED.search(unquoted) and not _SHELL.search(bare):
        return ("env", *words) if _ASSIGNMENT.match(words[0]) else tuple(words)
    if _CONTROL.search(bare):
        return "sh", "-c", line
    before, last = _last_command(line)
    if not re.match(r"exec\s", last):
        last = f"exec {'env ' if _ASSIGNMENT.match(last) else ''}{last}"
    return "sh", "-c", f"{before}{' ' if before else ''}{last}"


def program_of(command: Sequence[str]) -> str:
    """The name of the program that serves, as far as the line says it: `gunicorn` of `python -m gunicorn`."""
    words = list(_words(command))
    if len(words) > 2 and words[0] in _RUNNERS and words[1] == "run":
        words = words[2:]
    if not words:
        return ""
    name = PurePath(words[0]).name
    if name.startswith("python") and words[1:2] == ["-m"] and len(words) > 2:
        return _MODULES.get(words[2], words[2])
    return name


def missing_program(command: Sequence[str], path: str, folder: Path) -> str:
    """The program of a command, if there is none of that name; empty where there is, or a shell decides.

    Args:
        path: where it is looked for, as `PATH`.
        folder: the one that it is started in.
    """
    if command[:2] == ("sh", "-c") and _CONTROL.search(_without_quoted(command[2])):
        return ""
    word = next(_words(command), "")
    found = shutil.which(str(folder / word) if "/" in word else word, path=path)
    return "" if found or not word or _EXPANDED.search(word) else word


def goes_into_background(command: Sequence[str]) -> str:
    """The option by which a line's program would leave its own process; empty if it has none."""
    program = PROGRAMS.get(program_of(command))
    options = {word.partition("=")[0] for word in _words(command)}
    return next((option for option in program.daemon if option in options), "") if program else ""


def how_to_bind(command: Sequence[str]) -> str:
    """What to write into a line so that its server listens where it is told to."""
    program = PROGRAMS.get(program_of(command))
    return program.address if program else "{bind}, or {host} and {port}"


def placeholders_of(command: Iterable[str]) -> set[str]:
    """The placeholders that a command has."""
    return {name for word in command for name in _PLACEHOLDER.findall(word)}


def filled(command: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """A command with values for its placeholders; other names in braces stay."""
    return [_PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) for word in command]


def _without_quoted(line: str) -> str:
    """A shell's line as long as it is, with nothing where it is quoted."""
    return _QUOTED.sub(lambda quoted: " " * len(quoted[0]), line)


def _last_command(line: str) -> tuple[str, str]:
    """A shell's line up to the last `&&`, and the command behind it."""
    at = _without_quoted(line).rfind("&&")
    return (line[: at + 2], line[at + 2 :].strip()) if at >= 0 else ("", line.strip())


def _words(command: Sequence[str]) -> Iterator[str]:
    """The words of the program itself, without the shell, other commands, `exec` and variables before it."""
    words = list(command)
    if words[:2] == ["sh", "-c"] and len(words) == 3:
        words = shlex.split(_last_command(words[2])[1])
    start = 0
    while start < len(words) and (words[start] in ("exec", "env") or _ASSIGNMENT.match(words[start])):
        start += 1
    yield from words[start:]
