"""What an application opens for writing, each file copied before it is changed; for Python 3.8 and newer.

Python itself tells of it, by audit events (https://docs.python.org/3/library/audit_events.html): of this
process and those that it forks, and of no other. Each copy is noted in `kept.jsonl` before the application
goes on, so that the harness can put everything back, whatever became of this process.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_COPY_AT_MOST = 128 << 20
_ALL_AT_MOST = 512 << 20
_SPECIAL = ("/dev/", "/proc/", "/sys/")
# What SQLite has beside a database.
_BESIDE = ("-wal", "-journal", "-shm")


class Writes:
    """Hears of files, databases, processes and connections."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._log = -1
        self._copied = 0
        self._busy = threading.local()
        self._signatures: dict[str, tuple[int, int] | None] = {}
        self._databases: set[str] = set()
        self._heard: dict[str, list[str]] = {"processes": [], "connects": []}

    def begin(self) -> None:
        self._log = os.open(
            os.path.join(self._folder, "kept.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        if hasattr(sys, "addaudithook"):
            sys.addaudithook(self._on_event)

    def since_last(self) -> dict[str, Any]:
        """What was written and started since the last call."""
        self._busy.on = True
        try:
            written = set()
            for path, before in list(self._signatures.items()):
                now = _signature(path)
                if now != before:
                    self._signatures[path] = now
                    if not os.path.isdir(path):
                        written.add(path)
            heard = {name: list(dict.fromkeys(values)) for name, values in self._heard.items()}
            for values in self._heard.values():
                values.clear()
            return {"written": sorted(self._meant(written)), "databases": sorted(self._databases), **heard}
        finally:
            self._busy.on = False

    def _meant(self, written: set[str]) -> set[str]:
        """Written files, by the names of databases; what SQLite makes beside them to read isn't a change."""
        meant = set()
        for path in written:
            base = next((path[: -len(end)] for end in _BESIDE if path.endswith(end)), path)
            if base not in self._databases or base == path:
                meant.add(path)
            elif path.endswith("-wal") and (self._signatures[path] or (0, 0))[0]:
                meant.add(base)
        return meant

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        # An exception here would end what the application does; and what is done here has events of its own.
        if getattr(self._busy, "on", False):
            return
        self._busy.on = True
        try:
            self._happened(event, arguments)
        except Exception:
            pass
        finally:
            self._busy.on = False

    def _happened(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if (mode and set("wax+") & set(mode)) or (isinstance(flags, int) and flags & _WRITING):
                self._keep(path)
        elif event == "sqlite3.connect":
            self._database(arguments[0])
        elif event == "os.rename":
            source, target, source_folder, target_folder = arguments
            self._keep(source, source_folder)
            self._keep(target, target_folder)
        elif event in ("os.remove", "os.rmdir"):
            self._keep(*arguments)
        elif event == "os.truncate":
            self._keep(arguments[0])
        elif event == "os.mkdir":
            self._keep(arguments[0], arguments[2])
        elif event in ("os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"):
            self._heard["processes"].append("fork" if "fork" in event else str(arguments[0]))
        elif event in ("socket.bind", "socket.connect"):
            address = arguments[1]
            words = _in_words(address)
            if event == "socket.connect":
                self._heard["connects"].append(words)
            else:
                # Who takes an address may wait there for ever, and say nothing after it.
                self._note({"bind": words})

    def _database(self, name: Any) -> None:
        text = os.fsdecode(name)
        if text.startswith("file:"):
            parts = urlsplit(text)
            text = "" if "mode=memory" in parts.query else unquote(parts.path)
        if text and text != ":memory:":
            path = os.path.abspath(text)
            self._databases.add(path)
            for end in ("", *_BESIDE):
                self._keep(path + end)

    def _keep(self, path: Any, folder: Any = -1) -> None:
        """Copy a file that is about to change, once."""
        if isinstance(path, int):
            return
        if isinstance(folder, int) and folder >= 0:
            path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
        path = os.path.abspath(os.fsdecode(path))
        special = path.startswith((*_SPECIAL, os.path.join(self._folder, ""))) or "/__pycache__/" in path
        if path in self._signatures or special:
            return
        self._signatures[path] = _signature(path)
        note: dict[str, Any] = {"path": path, "there": os.path.lexists(path), "copy": ""}
        if note["there"]:
            described = os.lstat(path)
            if not stat.S_ISREG(described.st_mode) and not stat.S_ISDIR(described.st_mode):
                return
            note.update(mtime_ns=described.st_mtime_ns, size=described.st_size, mode=described.st_mode)
            if stat.S_ISREG(described.st_mode) and described.st_size <= min(
                _COPY_AT_MOST, _ALL_AT_MOST - self._copied
            ):
                self._copied += described.st_size
                note["copy"] = os.path.join(self._folder, str(len(self._signatures)))
                shutil.copyfile(path, note["copy"])
        self._note(note)

    def _note(self, note: dict[str, Any]) -> None:
        os.write(self._log, (json.dumps(note) + "\n").encode())


def _in_words(address: Any) -> str:
    if not isinstance(address, tuple):
        return os.fsdecode(address)
    host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"{host}:{address[1]}"


def _signature(path: str) -> tuple[int, int] | None:
    try:
        described = os.stat(path)
    except OSError:
        return None
    return described.st_size, described.st_mtime_ns
