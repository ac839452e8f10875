"""Which application a command line of a server serves: of a Procfile's web line, for one."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePath

_APPLICATION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\(.*\))?)?")
_WEB = re.compile(r"^web\s*:\s*(.+)$", re.MULTILINE)
_WITH_APPLICATION = {
    "gunicorn": (),
    "waitress-serve": ("--app",),
    "uwsgi": ("-w", "--module", "--wsgi", "--mount"),
    "flask": ("-A", "--app"),
}


@dataclass(frozen=True)
class Line:
    """What a server's line says.

    Attributes:
        application: as `module`, `module:callable` or a file; empty if it doesn't say.
        chdir: the folder that it changes to, as written; empty for none.
    """

    application: str = ""
    chdir: str = ""


def web_line(procfile: Path) -> str:
    """The command of a Procfile's process `web`; empty if there is none."""
    try:
        line = _WEB.search(procfile.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    return line[1].strip() if line else ""


def read_line(command: str) -> Line:
    """The application of a command line of gunicorn, uWSGI, waitress-serve or flask."""
    try:
        words = shlex.split(command)
    except ValueError:
        return Line()
    chdir = ""
    if words[:1] == ["cd"] and "&&" in words:
        chdir, words = words[1], words[words.index("&&") + 1 :]
    for number, word in enumerate(words):
        program = PurePath(word).name
        if program in _WITH_APPLICATION:
            options, plain = _parted(words[number + 1 :])
            named = next((options[name] for name in _WITH_APPLICATION[program] if name in options), "")
            if program == "uwsgi":
                named = _of_uwsgi(named, options)
            elif program in ("gunicorn", "waitress-serve") and not named:
                # The last word that is no option's value; one behind an option may be that of `--preload`.
                plain = [word for word in plain if _APPLICATION.fullmatch(word)]
                named = (plain or _like_applications(options) or [""])[-1]
            if named and "--call" in options and "(" not in named:
                named += "()"
            return Line(named, options.get("--chdir", chdir))
    return Line()


def _like_applications(options: dict[str, str]) -> list[str]:
    return [
        value
        for value in options.values()
        if _APPLICATION.fullmatch(value) and (":" in value or "." in value) and not value.endswith(".py")
    ]


def _parted(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options, each with the word behind it as its value, and the words that are neither."""
    options: dict[str, str] = {}
    plain: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("&&", "|", ";", "&"):
            break
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            plain.append(word)
        elif equals:
            options[name] = value
        elif re.fullmatch(r"-\w\S+", word):
            options[word[:2]] = word[2:]
        elif position < len(words) and not words[position].startswith("-"):
            options[word] = words[position]
            position += 1
        else:
            options[word] = ""
    return options, plain


def _of_uwsgi(named: str, options: dict[str, str]) -> str:
    """uWSGI may have the callable in an option of its own, and a file instead of a module."""
    # --mount /path=module:callable
    named = named.rpartition("=")[2] or options.get("--wsgi-file") or options.get("--file") or ""
    callable_name = options.get("--callable")
    return f"{named}:{callable_name}" if named and callable_name and ":" not in named else named
