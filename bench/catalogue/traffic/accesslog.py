"""An access log as a scenario: what was asked by GET and HEAD, as often as it was.

A log may have any size: it is read once, in pieces, and what is kept of it is bounded.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import cast
from urllib.parse import quote

from bench.catalogue.traffic.logline import FORMATS, Line, read_line
from bench.catalogue.traffic.tally import HOST, Seen, Tally, left_out
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario

_OPTION = "--from-access-log"
_READ = 4 << 20
_LONGEST = 1 << 20
"""Bytes of a line. What has none of its end for longer is no log, and is read on in pieces."""
_FIRST = 100
_GZIP = b"\x1f\x8b"
_ESCAPED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([\"\\]))")
_PRINTABLE = "".join(map(chr, range(ord("!"), ord("~") + 1))).replace('"', "")
_TOLD = frozenset((b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))


def read_access_log(path: Path, host: str = "") -> AskedScenario:
    """The requests of a log that can be asked again.

    Args:
        host: the one that is meant, where the log tells hosts apart; else the one that was asked most.

    Raises:
        UsageError: it can't be read, its format isn't known, or nothing of it can be asked again.
    """
    tally = Tally()
    unread = lines = 0
    first = b""
    try:
        with path.open("rb") as file:
            for batch in _batches(_unpacked(file)):
                first = first or batch[0]
                counts = Counter(map(read_line, batch))
                unread += counts.pop(None, 0)
                lines += len(batch)
                _add(tally, cast("Counter[Line]", counts))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(
            f"{_OPTION} {path}: its gzip is cut short or damaged after {lines:,} lines. Copy it again, or "
            f"unpack what is whole (`zcat {path} > access.log`) and give that."
        ) from None
    except OSError as error:
        raise UsageError(f"{_OPTION} {path}: {error.strerror}. Name a log that can be read.") from None
    unreadable = f"{unread:,} line{'s' if unread > 1 else ''} unreadable" if unread else ""
    scenario = tally.scenario("access-log", path.name, noun="path", host=host, unreadable=unreadable)
    if scenario is None:
        raise UsageError(f"{_OPTION} {path}: {_nothing(tally, lines, unread, unreadable, first)}")
    return scenario


def _nothing(tally: Tally, lines: int, unread: int, unreadable: str, first: bytes) -> str:
    """Why nothing can be asked, and what to do."""
    if not lines:
        return "there is no line in it. Name a log of some traffic, or the requests themselves with --url."
    if lines == unread:
        shown = ascii(first[:_FIRST].decode("utf-8", "replace"))
        return (
            f"no line has a format that is known; the first is {shown}. Known are {FORMATS}. Have the log "
            f"written in one of these, or name the requests with --url."
        )
    return (
        f"nothing in it can be asked again, which takes a page that was answered 2xx to GET or HEAD"
        f"{left_out(tally.left, unreadable)}. Name another log, or the requests themselves with --url."
    )


def _unpacked(file: BufferedReader) -> BufferedIOBase:
    """The file, or what a gzip file has in it, whatever its name is."""
    return gzip.GzipFile(fileobj=file) if file.peek().startswith(_GZIP) else file


def _batches(file: BufferedIOBase) -> Iterator[list[bytes]]:
    """Lines that aren't empty, thousands at a time."""
    rest = b""
    while piece := file.read(_READ):
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[:_LONGEST]
        if batch := [line for line in lines if line and not line.isspace()]:
            yield batch
    if rest and not rest.isspace():
        yield [rest]


def _add(tally: Tally, lines: Counter[Line]) -> None:
    for line, number in lines.items():
        if line.method in (b"GET", b"HEAD"):
            tally.add(_seen(line), number)
        else:
            tally.left[line.method.decode() if line.method in _TOLD else "of other methods"] += number


def _seen(line: Line) -> Seen:
    """As it was asked: servers escape in their logs what would break them."""
    target = _ESCAPED.sub(lambda escaped: b"%%%b" % (escaped[1] or escaped[2].hex().encode()), line.target)
    host = (line.host or b"").decode("ascii", "replace").lower()
    host = host if HOST.fullmatch(host) else ""
    return Seen(host, line.method.decode(), quote(target, safe=_PRINTABLE), int(line.status))
