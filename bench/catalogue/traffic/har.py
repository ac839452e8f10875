"""A session that a browser recorded (HAR 1.2) as a scenario.

http://www.softwareishard.com/blog/har-12-spec/; Chromium and Firefox write more, which is used where it is
there. Cookies, Authorization and all other fields that may be somebody's stay behind, and so do forms with a
token of a session that has ended.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from bench.catalogue.scenarios.request import on_the_wire
from bench.catalogue.traffic.tally import HOST, Seen, Tally, left_out
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario

_OPTION = "--har"
_MOST_BYTES = 256 << 20
"""It is read as a whole, which takes a few times its size."""
_MOST_BODY_BYTES = 1 << 20
"""Each user sends it again and again, and a plan holds it."""
_KEPT = ("accept", "accept-language", "content-type", "hx-request", "x-requested-with")
"""Fields by which an application chooses what it answers, and in which nobody's secret is."""
_CSRF = re.compile(r"csrf|xsrf|authenticity_token|requestverificationtoken", re.I)
_ANY_METHOD = re.compile(r"[A-Z]{1,20}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_FIELD = re.compile(r"[ -~]{0,1000}")
_HTML = ("text/html", "application/xhtml+xml")
"""What a page is, in a recording."""


class _Recorded(NamedTuple):
    """An entry of the recording.

    Attributes:
        why_left: why it can't be asked again; empty if it may.
        cookies: whether cookies or Authorization went with it.
    """

    seen: Seen
    why_left: str
    page: bool
    cookies: bool


def read_har(path: Path, host: str = "") -> AskedScenario:
    """The requests of a recording that went to one host and can be asked again, as often as they were.

    Args:
        host: the one that is meant, if it was asked; else that of the first page.

    Raises:
        UsageError: it can't be read, is no HAR, or nothing of it can be asked again.
    """
    entries = _entries(path)
    recorded = list(filter(None, map(_read_entry, entries)))
    pages = [entry.seen.host for entry in recorded if entry.page]
    hosts = [entry.seen.host for entry in recorded]
    if not hosts:
        raise UsageError(
            f"{_OPTION} {path}: none of its {len(entries):,} entries is a request over HTTP. Record a "
            f"session of the application with the browser's network tools, and save all of it as HAR."
        )
    own = host if host in hosts else [*pages, *hosts][0]
    tally = Tally()
    for entry in recorded:
        if entry.seen.host == own and not entry.why_left:
            tally.add(entry.seen)
        elif entry.seen.host == own:
            tally.left[entry.why_left] += 1
    if others := Counter(other for other in hosts if other != own):
        tally.left[f"to other hosts, most to {others.most_common(1)[0][0]}"] += others.total()
    strange = len(entries) - len(recorded)
    unreadable = f"{strange:,} that {'isn' if strange == 1 else 'aren'}'t HTTP" if strange else ""
    scenario = tally.scenario(
        "har", path.name, noun="request", unreadable=unreadable, more=_dropped(recorded, own)
    )
    if scenario is None:
        raise UsageError(
            f"{_OPTION} {path}: nothing of it can be asked of {own} again{left_out(tally.left, unreadable)}. "
            f"Record some of its pages, name another of the hosts with --host, or requests with --url."
        )
    return scenario


def _dropped(recorded: list[_Recorded], own: str) -> str:
    """What the requests have lost, in words."""
    number = sum(entry.cookies for entry in recorded if entry.seen.host == own)
    if not number:
        return ""
    return (
        f"; {number:,} had cookies or Authorization, which stay behind: what needs a login takes a "
        f"scenario.toml"
    )


def _entries(path: Path) -> list[Any]:
    """What a HAR has recorded.

    Raises:
        UsageError: it isn't one, or has nothing.
    """
    record = "Save one with the browser's network tools ('Save all as HAR')"
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise UsageError(
                f"{_OPTION} {path}: larger than {_MOST_BYTES >> 20} MB. Record a shorter session, or without "
                f"the contents of the answers, which aren't used."
            )
        document = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{_OPTION} {path}: {error.strerror}. Name a file that can be read.") from None
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else error
        raise UsageError(f"{_OPTION} {path}: not a HAR, since it isn't JSON: {why}. {record}.") from None
    entries = _get(document, "log", "entries")
    if not isinstance(entries, list):
        raise UsageError(f"{_OPTION} {path}: not a HAR: there are no log.entries in it. {record}.")
    if not entries:
        raise UsageError(
            f"{_OPTION} {path}: nothing was recorded in it. Open the network tools first, then load the "
            f"pages, then save."
        )
    return entries


def _read_entry(entry: Any) -> _Recorded | None:
    """One entry; None if it is no request over HTTP."""
    method, url = _get(entry, "request", "method"), _get(entry, "request", "url")
    status = _get(entry, "response", "status")
    if not (isinstance(method, str) and _ANY_METHOD.fullmatch(method) and isinstance(url, str)):
        return None
    try:
        parts = urlsplit(url)
        path = on_the_wire((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2].lower()
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or status == 101:
        return None
    fields = {name.lower(): value for name, value in _pairs(_get(entry, "request", "headers"))}
    body = _body(_get(entry, "request", "postData"), _get(entry, "request", "bodySize"))
    kept = tuple(
        (name.title(), fields[name]) for name in _KEPT if name in fields and _FIELD.fullmatch(fields[name])
    )
    seen = Seen(
        host=host,
        method=method,
        path=path,
        status=status if isinstance(status, int) else 0,
        headers=kept,
        body=body or "",
    )
    kind = _get(entry, "response", "content", "mimeType")
    return _Recorded(
        seen,
        why_left=_why_left(entry, seen, fields, body),
        page=(200 <= seen.status < 300 or seen.status == 304)
        and isinstance(kind, str)
        and kind.startswith(_HTML),
        cookies=not {"cookie", "authorization"}.isdisjoint(fields) or bool(_get(entry, "request", "cookies")),
    )


def _why_left(entry: Any, seen: Seen, fields: Mapping[str, str], body: str | None) -> str:
    """Why a recorded request can't be asked again, beside what a `Tally` sees; empty if it can."""
    if seen.method not in _METHODS:
        return seen.method
    if _get(entry, "_fromCache"):
        return "from the browser's cache"
    if body is None:
        return "with a body that wasn't recorded, has a file, or is larger than 1 MB"
    if any(map(_CSRF.search, (*fields, seen.path, body))) and seen.method not in ("GET", "HEAD"):
        return "with a CSRF token, which a scenario.toml can take from the form"
    return ""


def _body(sent: Any, size: Any) -> str | None:
    """The text of a body, empty without one; None where it isn't told whole.

    Args:
        sent: `postData`, which has the text, the fields of a form, or neither.
        size: in bytes; none or -1 where it isn't known.
    """
    text = _get(sent, "text") or urlencode(list(_pairs(_get(sent, "params"))))
    if not isinstance(text, str) or _get(sent, "encoding") or "filename=" in text:
        return None
    if not text and isinstance(size, int) and size > 0:
        return None
    try:
        encoded = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None
    return text if len(encoded) <= _MOST_BODY_BYTES else None


def _pairs(pairs: Any) -> Iterator[tuple[str, str]]:
    """Names and values as HAR lists them, of header fields and of those of a form."""
    for pair in pairs if isinstance(pairs, list) else ():
        name, value = _get(pair, "name"), _get(pair, "value")
        if isinstance(name, str) and isinstance(value, str):
            yield name, value


def _get(value: Any, *names: str) -> Any:
    """What a path of names leads to; None where it ends."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
