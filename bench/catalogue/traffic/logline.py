"""One line of an access log, in whichever of the usual formats it is.

- Common and combined, as nginx, Apache and most servers of WSGI write them, with anything before the quoted
  request and after the status: https://httpd.apache.org/docs/current/logs.html
- The same after the name of a virtual host and its port, Apache's `vhost_combined`.
- uWSGI's own.
- An object of JSON, by the usual names of fields: nginx and gunicorn as people set them up, Caddy, Traefik,
  ECS. One of these lines may itself be a text in it, as in the files of Docker.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

FORMATS = (
    "common and combined (nginx, Apache, gunicorn), uWSGI's, and JSON with the method, path and status of a "
    "request in each line (nginx, gunicorn, Caddy)"
)
"""Those that are known, in words."""

_TEXT = re.compile(
    rb'(?:([^\s":]+):\d+ \S+ \S+ \S+ \[)?.*?"([A-Z]{1,20}) ([!-~\x80-\xff]{1,2000}) HTTP/[\d.]+" (\d{3})\b'
)
_UWSGI = re.compile(
    rb".*?()\] ([A-Z]{1,20}) ([!-~\x80-\xff]{1,2000}) => generated -?\d+ bytes in \d+ \w+ "
    rb"\(HTTP/[\d.]+ (\d{3})\)"
)
_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (\S+)(?: HTTP/[\d.]+)?")
_METHOD = re.compile(r"[A-Z]{1,20}")
_STATUS = re.compile(r"[0-9]{3}(?![0-9])")
_LONGEST = 2000
_Names = tuple[tuple[str, ...], ...]


def _names(*dotted: str) -> _Names:
    """Names of fields, which stand as they are, or each part in an object of the one before."""
    return tuple((name, *name.split(".")) for name in dotted)


_LINES = _names("request", "request_line", "http_request")
_METHODS = _names(
    "method", "request_method", "http_method", "verb", "request.method", "http.request.method", "http.method",
    "req.method", "RequestMethod", "httpRequest.requestMethod",
)  # fmt: skip
_TARGETS = _names(
    "request_uri", "raw_uri", "uri", "url", "path", "target", "request_path", "request.uri", "request.url",
    "request.path", "url.original", "url.path", "http.url", "http.target", "req.url", "RequestPath",
    "httpRequest.requestUrl",
)  # fmt: skip
_QUERIES = _names("query_string", "query", "args", "request.query", "url.query")
_STATUSES = _names(
    "status", "status_code", "response_status", "http_status", "code", "response.status",
    "response.status_code", "http.response.status_code", "http.status_code", "res.statusCode",
    "DownstreamStatus", "httpRequest.status",
)  # fmt: skip
_HOSTS = _names("http_host", "vhost", "request.host", "RequestHost", "url.domain")
_WRAPPED = ("log", "message", "msg", "MESSAGE", "event")


class Line(NamedTuple):
    """What a line says of a request, as it was written; the host is None or empty where it doesn't say."""

    host: bytes | None
    method: bytes
    target: bytes
    status: bytes


def read_line(line: bytes) -> Line | None:
    """What a line says; None if it says nothing of a request and its status."""
    if line[:1] != b"{":
        if match := _TEXT.match(line) or _UWSGI.match(line):
            return Line._make(match.groups())
        start = line.find(b'{"')
        if start < 0:
            return None
        line = line[start:]
    return _read_json(line.decode("utf-8", "replace"))


def _read_json(text: str) -> Line | None:
    fields = _loaded(text)
    if fields is None and r"\x" in text:
        # What nginx writes without `escape=json`.
        fields = _loaded(text.replace(r"\x", r"\u00"))
    if not isinstance(fields, dict):
        return None
    status = _text(fields, _STATUSES)
    method, target = _asked(fields)
    if _METHOD.fullmatch(method) and 0 < len(target) <= _LONGEST and _STATUS.match(status):
        host, path = _parted(target)
        host = _text(fields, _HOSTS) or host
        return Line(*(part.encode("utf-8", "replace") for part in (host, method, path, status[:3])))
    wrapped = (fields[name] for name in _WRAPPED if isinstance(fields.get(name), str))
    lines = (read_line(value.encode("utf-8", "replace")) for value in wrapped)
    return next(filter(None, lines), None)


def _loaded(text: str) -> Any:
    """What JSON says; None where it isn't any."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _asked(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Method and target."""
    if line := _REQUEST_LINE.fullmatch(_text(fields, _LINES)):
        return line[1], line[2]
    target, query = _text(fields, _TARGETS), _text(fields, _QUERIES)
    if query and "?" not in target:
        target += "?" + query.removeprefix("?")
    return _text(fields, _METHODS), target


def _parted(target: str) -> tuple[str, str]:
    """Host and path of what may be a whole address."""
    if not target.startswith(("http://", "https://")):
        return "", target
    try:
        parts = urlsplit(target)
    except ValueError:
        return "", target
    return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _text(fields: Mapping[str, Any], names: _Names) -> str:
    """The first of these that is a text or a number; empty without any."""
    for whole, *parts in names:
        value: Any = fields.get(whole)
        if value is None and len(parts) > 1:
            value = fields
            for part in parts:
                value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, (str, int, float)):
            return str(value)
    return ""
