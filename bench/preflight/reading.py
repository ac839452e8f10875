"""What the process said, as values: places relative to the project, and no value of a variable."""

from __future__ import annotations

import base64
import os
import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bench.model.preflight import Answered, Raised, Trouble
from bench.model.scenario import AskedRequest
from bench.preflight.hiding import Secrets
from bench.preflight.inside import Said

_FRAME = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+)(?: in (?P<name>.*))?$', re.MULTILINE)
_TAKEN_AWAY = re.compile(r";\s*(max-age=(0|-\d+)\s*(;|$)|expires=[^;]*\b1970\b)", re.IGNORECASE)
_LIBRARIES = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


class Reader:
    """Reads what was said of the application in a folder."""

    def __init__(self, root: str, secrets: Secrets) -> None:
        self._root = root
        self._secrets = secrets

    def trouble(self, said: Said, stack: str, output: str) -> Trouble:
        """Why there is no application to be asked.

        Args:
            stack: where it stood when its time was up, as faulthandler writes it.
            output: what it printed.
        """
        raised = self.raised(said.get("raised"))
        if said["kind"] == "blocked":
            raised = self._standing(stack)
        printed = output.strip().splitlines()[-1:] if said["kind"] in ("ended", "exit") else []
        return Trouble(
            said["kind"],
            self._secrets.hide(str(said.get("detail", ""))),
            tuple(map(str, said.get("names", ()))),
            raised,
            "".join(map(self._secrets.hide, printed)),
        )

    def unanswered(self, asked: AskedRequest) -> Answered:
        return Answered(asked.name, self._request(asked))

    def answered(self, asked: AskedRequest, first: Said, again: Said, fault: str) -> Answered:
        """What became of a request: of its first call, and of those after it, if there were any."""
        fields = [(str(key).lower(), str(value)) for key, value in first["headers"]]
        text = _decoded(first["body"])
        return Answered(
            name=asked.name,
            request=self._request(asked),
            status=first["status"],
            later=again.get("status"),
            bytes=first["length"],
            first_ms=first["ms"][0],
            ms=float(statistics.median(again.get("ms") or first["ms"])),
            calls=len(first["ms"]) + len(again.get("ms", ())),
            same=bool(again.get("same", True)),
            content_type=self._secrets.hide(_value(fields, "content-type")),
            location=self._secrets.hide(_value(fields, "location")),
            cookies=tuple(map(self._secrets.hide, _cookies(fields))),
            written=self.places([*first["written"], *again.get("written", ())]),
            raised=self.raised(first["raised"] or again.get("raised")),
            escaped=bool(first["escaped"] or again.get("escaped")),
            problems=tuple(map(self._secrets.hide, first["problems"])),
            writes=bool(first["write"]),
            about=_about(first["status"], text),
            fault=self._secrets.hide(fault),
        )

    def _request(self, asked: AskedRequest) -> str:
        return self._secrets.hide(f"{asked.method} {asked.path}")

    def raised(self, said: Said | None) -> Raised | None:
        if not said:
            return None
        return Raised(
            self._secrets.hide(str(said["type"])),
            self._secrets.hide(str(said["text"])),
            self.place(str(said["file"])),
            int(said["line"]),
            self._secrets.hide(str(said["code"])),
            self._secrets.hide(str(said["module"])),
            self._secrets.hide(str(said["variable"])),
        )

    def places(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(self.place, paths)))

    def place(self, path: str) -> str:
        """A path from the project's folder where it is in it, or from where packages are installed."""
        root = self._root_of(path)
        short = _LIBRARIES.split(path)[-1]
        return self._secrets.hide(short if short != path or not root else os.path.relpath(path, root))

    def _root_of(self, path: str) -> str:
        """The project's folder as this path has it: as it was named, or without links."""
        roots = (self._root, os.path.realpath(self._root))
        return next((root for root in roots if path.startswith(f"{root}{os.sep}")), "")

    def _standing(self, stack: str) -> Raised | None:
        """The last line of the user's own code where it stood still."""
        frames = [(match["file"], int(match["line"])) for match in _FRAME.finditer(stack)]
        own = [
            (file, line) for file, line in frames if self.place(file) != file and not _LIBRARIES.search(file)
        ]
        for file, line in own[:1] or frames[:1]:
            return Raised("", "", self.place(file), line, self._secrets.hide(_line_of(file, line)))
        return None


def _about(status: int | None, text: str) -> Literal["", "host", "csrf"]:
    """What a refusal is about, by the words of the frameworks that refuse so."""
    if status == 400 and re.search("DisallowedHost|HTTP_HOST|Host .* is not trusted", text):
        return "host"
    return "csrf" if status in (400, 403) and "csrf" in text.lower() else ""


def _line_of(file: str, line: int) -> str:
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            return next((text.strip() for number, text in enumerate(lines, 1) if number == line), "")
    except OSError:
        return ""


def _decoded(body: str) -> str:
    return base64.b64decode(body).decode("utf-8", "replace")


def _cookies(fields: Sequence[tuple[str, str]]) -> list[str]:
    """The names of cookies that are set; of those that are taken away, none."""
    values = [value for name, value in fields if name == "set-cookie"]
    return [value.partition("=")[0].strip() for value in values if not _TAKEN_AWAY.search(value)]


def _value(fields: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for key, value in fields if key == name), "")
