"""Exceptions, with the place in the user's own code that they came from. For Python 3.8 and newer."""

from __future__ import annotations

import linecache
import os
import re
import sys
import sysconfig
import traceback
from typing import Any

_TEXT_AT_MOST = 500
# What a framework answers comes up from its handler of requests, at least.
_FEWEST_FRAMES = 3
# As settings libraries say it.
_MISSING = re.compile("environ|envvar|env var|not set|must be set|missing|required|not found", re.IGNORECASE)


class Theirs:
    """Tells the code of a project from the libraries that it uses, which may stand in the same folder."""

    def __init__(self, root: str) -> None:
        self._root = os.path.join(os.path.realpath(root), "")
        libraries = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._libraries = tuple(os.path.join(os.path.realpath(path), "") for path in libraries if path)
        self._package = ""

    def take_package(self, module: Any) -> None:
        """Have the code of the application's own package be theirs, too, wherever it is installed."""
        folders = getattr(module, "__path__", None)
        if folders:
            self._package = os.path.join(os.path.realpath(next(iter(folders))), "")

    def has(self, file: str) -> bool:
        if file.startswith("<"):
            # "<frozen os>", "<string>": in no file.
            return False
        path = os.path.realpath(file)
        if self._package and path.startswith(self._package):
            return True
        foreign = path.startswith(self._libraries) or re.search(r"[/\\](site|dist)-packages[/\\]", path)
        return path.startswith(self._root) and not foreign

    def watch(self) -> Watch:
        return Watch(self)

    def raised(self, error: BaseException) -> dict[str, Any]:
        """What the harness is told of an exception."""
        frames = [each for each in traceback.extract_tb(error.__traceback__) if not _is_ours(each.filename)]
        own = [frame for frame in frames if self.has(frame.filename)]
        # Where only libraries have a hand in it, the place is the last before the exception.
        file, line = next(((each.filename, each.lineno or 0) for each in reversed(own or frames)), ("", 0))
        if isinstance(error, SyntaxError) and error.filename:
            file, line = error.filename, error.lineno or 0
        module = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        return {
            "type": type(error).__name__,
            "text": _text(error),
            "file": file,
            "line": line,
            "code": linecache.getline(file, line).strip()[:_TEXT_AT_MOST] if file else "",
            "module": module or "",
            "variable": _variable(error),
        }


class Watch:
    """Sees the exceptions that pass through the user's code, also those that a framework answers.

    Where none does, the one that came through most of the libraries' is what the framework answers: those
    that libraries raise and catch themselves come through few.
    """

    def __init__(self, theirs: Theirs) -> None:
        self._theirs = theirs
        self._last: BaseException | None = None
        # The exceptions themselves are kept, so that no other one gets their numbers.
        self._passed: dict[int, list[Any]] = {}
        self._has: dict[str, bool] = {}
        self.raised: dict[str, Any] | None = None

    def __enter__(self) -> Watch:
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.settrace(None)
        self._last = None
        if self.raised is None and self._passed:
            frames, error = max(self._passed.values(), key=lambda passed: passed[0])
            if frames >= _FEWEST_FRAMES:
                self.raised = self._theirs.raised(error)
        self._passed.clear()

    def _called(self, frame: Any, _event: str, _argument: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in self._has:
            self._has[file] = self._theirs.has(file)
        frame.f_trace_lines = False
        return self._happened

    def _happened(self, frame: Any, event: str, argument: Any) -> Any:
        error = argument[1] if event == "exception" else None
        if isinstance(error, BaseException) and not isinstance(error, (StopIteration, GeneratorExit)):
            if not self._has[frame.f_code.co_filename]:
                self._passed.setdefault(id(error), [0, error])[0] += 1
            elif error is not self._last:
                self._last = error
                self.raised = self._theirs.raised(error.with_traceback(argument[2]))
        return self._happened


def _is_ours(file: str) -> bool:
    return os.path.dirname(os.path.abspath(file)) == os.path.dirname(os.path.abspath(__file__))


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as second:
        text = f"({type(second).__name__} while its text was made)"
    return " ".join(text.split())[:_TEXT_AT_MOST]


def _variable(error: BaseException) -> str:
    """The environment variable that was asked for and isn't there, of an exception or one behind it."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    for link in chain:
        frames = traceback.extract_tb(link.__traceback__)
        of_os = frames and os.path.basename(frames[-1].filename).startswith(("os.py", "<frozen os>"))
        if isinstance(link, KeyError) and of_os and link.args and isinstance(link.args[0], (str, bytes)):
            name = link.args[0]
            return name if isinstance(name, str) else name.decode("utf-8", "replace")
    for link in chain:
        # As settings libraries say it: "Set the SECRET_KEY environment variable", "SECRET_KEY is not set".
        if _MISSING.search(_text(link)):
            names = re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", _text(link))
            if names:
                return str(names[0])
    return ""
