"""Calls an application in this process as PEP 3333 says, and tolerates what servers would. Python 3.8+."""

from __future__ import annotations

import base64
import hashlib
import inspect
import io
import sys
import time
from typing import Any, Callable
from urllib.parse import unquote_to_bytes
from wsgiref.util import FileWrapper

_BODY_KEPT = 1 << 20
_BODY_AT_MOST = 1 << 28
# RFC 9110, 7.6.1: of the connection, which is the server's.
_HOP_BY_HOP = (
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)


def ask(application: Any, command: dict[str, Any], theirs: Any) -> dict[str, Any]:
    """Send a request, and watch for exceptions if that was asked for; see `_repeated`."""
    if not command["watched"]:
        return _repeated(application, command, theirs)
    with theirs.watch() as watch:
        answer = _repeated(application, command, theirs)
    return {**answer, "raised": answer["raised"] or watch.raised}


def _repeated(application: Any, command: dict[str, Any], theirs: Any) -> dict[str, Any]:
    """Send a request as often as was asked, or until its time is used up.

    Returns:
        The first answer, the milliseconds of every call, and whether the bodies were the same.
    """
    answers: list[dict[str, Any]] = []
    began = time.perf_counter()
    while not answers or (
        len(answers) < command["calls"] and time.perf_counter() - began < command["budget_s"]
    ):
        answers.append(_Call(command).made(application, theirs))
    answer = answers[0]
    answer["ms"] = [each["ms"] for each in answers]
    answer["same"] = len({(each["status"], each["digest"]) for each in answers}) == 1
    return answer


class _Call:
    """One call of the application: what it gets, and what it does with it."""

    def __init__(self, command: dict[str, Any]) -> None:
        self._command = command
        self._status: str | None = None
        self._headers: list[Any] = []
        self._begun = False
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self._length = 0
        self._problems: list[str] = []
        self._kind = ""
        self._called_write = False

    def made(self, application: Any, theirs: Any) -> dict[str, Any]:
        raised = None
        environ = environ_of(self._command)
        began = time.perf_counter()
        try:
            self._run(application, environ)
        except BaseException as error:
            raised = theirs.raised(error)
        took = time.perf_counter() - began
        if raised is None:
            self._look_at_headers()
        return {
            "status": self._number(),
            "headers": [[str(name), str(value)] for name, value in self._pairs()],
            "body": base64.b64encode(bytes(self._kept)).decode(),
            "length": self._length,
            "digest": self._digest.hexdigest(),
            "ms": took * 1000,
            "raised": raised,
            "escaped": raised is not None,
            "problems": list(dict.fromkeys(self._problems)),
            "kind": self._kind,
            "write": self._called_write,
        }

    def _run(self, application: Any, environ: dict[str, Any]) -> None:
        result = application(environ, self._start_response)
        if inspect.iscoroutine(result):
            result.close()
            self._kind = "asgi"
            return
        if callable(result) and self._status is None and not hasattr(result, "__iter__"):
            self._kind = "factory"
            return
        try:
            if isinstance(result, (str, bytes)):
                self._problems.append(f"returns {type(result).__name__} instead of an iterable of bytes")
                result = [result]
            for part in result:
                self._take(part)
                if self._length > _BODY_AT_MOST:
                    self._problems.append(f"answers more than {_BODY_AT_MOST >> 20} MiB")
                    break
        except TypeError:
            if hasattr(result, "__iter__"):
                raise
            self._problems.append(f"returns {type(result).__name__} instead of an iterable of bytes")
        finally:
            if hasattr(result, "close"):
                result.close()
        if self._status is None:
            self._problems.append("never calls start_response")

    def _start_response(self, status: Any, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info:
            if self._begun:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._status is not None:
            self._problems.append("calls start_response twice")
        if not isinstance(status, str) or not status[:3].isdigit():
            self._problems.append(f"gives start_response the status {status!r}, not a text as '200 OK'")
        if not isinstance(headers, list):
            self._problems.append(f"gives start_response a {type(headers).__name__} of headers, not a list")
        self._status, self._headers = status, headers
        return self._write

    def _write(self, part: Any) -> None:
        self._called_write = True
        self._take(part)

    def _take(self, part: Any) -> None:
        if not isinstance(part, bytes):
            self._problems.append(f"gives {type(part).__name__} for its body, not bytes")
            part = str(part).encode("utf-8", "replace")
        if part and self._status is None:
            self._problems.append("gives its body before it calls start_response")
        self._begun = self._begun or bool(part)
        self._length += len(part)
        self._digest.update(part)
        self._kept += part[: max(0, _BODY_KEPT - len(self._kept))]

    def _look_at_headers(self) -> None:
        """See whether servers can send them, and the body is what they say."""
        for name, value in self._pairs():
            if not isinstance(name, str) or not isinstance(value, str):
                self._problems.append(f"sets {name} to a {type(value).__name__}, not a text")
                continue
            if any(ord(character) > 0xFF for character in name + value):
                self._problems.append(f"sets {name} to a text that isn't Latin-1")
            if any(character in "\r\n\0" for character in name + value):
                self._problems.append(f"sets {name} to a text with a line break in it")
            if name.lower() in _HOP_BY_HOP:
                self._problems.append(f"sets {name}")
            counted = name.lower() == "content-length" and self._has_body()
            if counted and value.strip() != str(self._length) and self._length <= _BODY_AT_MOST:
                self._problems.append(f"says Content-Length: {value} of a body of {self._length} bytes")
        if self._length and self._number() in (204, 304):
            self._problems.append(f"has a body of {self._length} bytes with {self._number()}")

    def _has_body(self) -> bool:
        return self._command["method"] != "HEAD" and self._number() not in (204, 304)

    def _number(self) -> int | None:
        text = str(self._status)[:3]
        return int(text) if self._status is not None and text.isdigit() else None

    def _pairs(self) -> list[Any]:
        items = self._headers.items() if isinstance(self._headers, dict) else self._headers or []
        return [pair for pair in items if isinstance(pair, (tuple, list)) and len(pair) == 2]


def environ_of(command: dict[str, Any]) -> dict[str, Any]:
    path, _, query = command["path"].partition("?")
    body = base64.b64decode(command["body"])
    environ: dict[str, Any] = {
        "REQUEST_METHOD": command["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": command["path"],
        "RAW_URI": command["path"],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "wsgi-bench",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "49152",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    if body or command["method"] in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in command["headers"]:
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ
