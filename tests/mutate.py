"""Results and journals as nobody writes them, made from right ones by a seed.

`mutated(kinds, seed)` changes one to three things of a stored result: values, keys, lines, counts in
histograms, or what stands where a file should be.
"""

from __future__ import annotations

import base64
import json
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.store import DERIVED, JOURNAL, LATENCY_LOG, RESULT

Files = dict[str, bytes]
Place = tuple[Any, Any]
"""An object or a list, and the key or the index in it."""

CANARY = "canary"
"""A file beside the results that nothing may write, and no command may touch."""

EVIL: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, -0.0, 0.5, 1e-300, 1e300, -1e300, 1e18, 2**31, 2**53, 2**63, 2**64,
    -(2**63), float("nan"), float("inf"), float("-inf"), 10**400, 10**4000, "", "0", "null", "\ud800",
    "\x1b[31mred\x07", "\u202egnp", "x" * 100_000, "../../../etc/passwd", "<script>alert(1)</script>",
    "a\nb\rc", "=1+1", "`touch x`", [], {}, [[]], [None], {"": None}, {"a": {"b": {}}},
    "2026-01-02T03:04:05+00:00", "9999-99-99", "0001-01-01", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", ["sh", "-c", f"echo run > {CANARY}"],
)  # fmt: skip
_NAMES = (RESULT, JOURNAL, LATENCY_LOG, DERIVED, ".lock", f".{DERIVED}.tmp", "report.html", "logs")
_GROWN = 1 << 20
_STRANGE = ("directory", "nowhere", "loop", "zero", "pipe", "canary")


def places(value: Any) -> Iterator[Place]:
    """Each value within a parsed document."""
    inside: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in inside:
        yield value, key
        yield from places(item)


def mutate_document(document: Any, draw: random.Random) -> None:
    """Change one value, each kind of place as often as another: most values are of trials."""
    kinds: dict[str, list[Place]] = {}
    for container, key in places(document):
        name = key if isinstance(key, str) else f"{type(container[key]).__name__}[]"
        kinds.setdefault(
            f"{name} in {sorted(container)[:3] if isinstance(container, dict) else 'list'}", []
        ).append((container, key))
    if not kinds:
        return
    container, key = draw.choice(draw.choice(list(kinds.values())))
    how = draw.random()
    if how < 0.5:
        container[key] = draw.choice(EVIL)
    elif how < 0.6:
        del container[key]
    elif how < 0.7 and isinstance(container[key], int | float):
        container[key] = container[key] * draw.choice((-1, 1000, 1e9, 1e-9)) + draw.choice((0, 1, -1))
    elif how < 0.8 and isinstance(container, list):
        container += [container[key]] * draw.choice((1, 1, 50))
    elif how < 0.9:
        other, name = draw.choice(draw.choice(list(kinds.values())))
        container[key], other[name] = other[name], container[key]
    elif isinstance(container, dict):
        container[draw.choice(("", "x\x1b[2J", "\udfff", "__class__", "y" * 5000))] = container.pop(key)
    else:
        draw.shuffle(container)


def encoded(document: Any, draw: random.Random, **how: Any) -> bytes:
    """As JSON, or what comes near to it."""
    text = json.dumps(_shallow(document), **how)
    objects = [i for i, letter in enumerate(text) if letter == "{"]
    if objects and draw.random() < 0.1:
        # A key twice: the second of the object that it is in.
        at = draw.choice(objects)
        text = f'{text[: at + 1]}"round": 1, "round": 2, {text[at + 1 :]}'.replace(", }", "}", 1)
    return text.encode()


def _shallow(document: Any) -> Any:
    """Without what holds itself, which two exchanged places may lead to."""
    try:
        json.dumps(document)
    except (ValueError, RecursionError):
        return {}
    return document


def torn(data: bytes, draw: random.Random) -> bytes:
    """Bytes cut off, turned over, doubled, or replaced."""
    at = draw.randrange(len(data) + 1)
    number = b"1" * draw.choice((20, 400, 5000))
    inserted = (
        b"",
        b"\x00",
        b"\xff",
        b"\n",
        b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"NaN",
        b"-Infinity",
        number,
    )
    end = at + draw.choice((0, 1, 100))
    return draw.choice(
        (
            lambda: b"",
            lambda: data[:at],
            lambda: data[:at] + draw.choice(inserted) + data[end:],
            lambda: data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :],
            lambda: data + data,
            lambda: b"\xef\xbb\xbf" + data,
            lambda: b"[" + b"[]," * 4_000_000 + b"[]]",
        )
    )()


def entry_line(entry: Any, draw: random.Random) -> bytes:
    """A line of a journal, whose checksum is right more often than not."""
    body = entry if isinstance(entry, bytes) else encoded(entry, draw, separators=(",", ":"))
    checksum = zlib.crc32(body) ^ (draw.random() < 0.1)
    return b'{"crc32":"%08x","entry":' % checksum + body + b"}\n"


def mutate_journal(data: bytes, draw: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [entry_line({"number": 0}, draw)]
    at = draw.randrange(len(lines))
    try:
        entry = json.loads(lines[at])["entry"]
    except (ValueError, KeyError, TypeError, RecursionError):
        # Changed before.
        return torn(data, draw)

    def changed() -> bytes:
        mutate_document(entry, draw)
        return b"".join((*lines[:at], entry_line(entry, draw), *lines[at + 1 :]))

    return draw.choice(
        (
            changed, changed, changed, changed,
            lambda: b"".join(lines[:at] + lines[at:] * 2),
            lambda: b"".join(draw.sample(lines, len(lines))),
            lambda: b"".join((*lines, entry_line(b"[" * 50_000 + b"]" * 50_000, draw))),
            lambda: b"".join((*lines, entry_line(b'{"number":' + b"9" * 5000 + b"}", draw))),
            lambda: torn(data, draw),
        )
    )()  # fmt: skip


def histogram(draw: random.Random, content: bytes) -> str:
    """An encoded histogram that holds what none does."""
    cookie, _, offset, digits, lowest, highest, ratio = struct.unpack_from(">IIIIQQd", content)
    counts = content[40:]
    how = draw.randrange(7)
    if how == 0:
        counts = bytes(draw.choice((48 << 20, 1 << 20)))
    elif how == 1:
        counts = b"".join(b"\xff" * draw.randrange(12) + bytes([draw.randrange(128)]) for _ in range(20))
    elif how == 2:
        digits = draw.choice((0, 1, 5, 6, 2**32 - 1))
    elif how == 3:
        lowest, highest = draw.choice(((0, 0), (1, 2**63), (2**40, 1), (1, 2**64 - 1), (2**62, 2**63)))
    elif how == 4:
        counts = b"\x81\x80\x80\x80\x10" + b"\xfe\xff\xff\xff\x0f" * draw.randrange(1, 9)
    elif how == 5:
        offset, ratio = draw.choice(((2**31, 1.0), (0, float("nan")), (0, 0.0), (0, 1e300)))
    else:
        cookie = draw.choice((0, 0x1C849301, 0x1C849303, 0x1C8493F3))
    length = draw.choice((len(counts), len(counts), 0, 2**31))
    body = zlib.compress(
        struct.pack(">IIIIQQd", cookie, length, offset, digits, lowest, highest, ratio) + counts
    )
    return base64.b64encode(struct.pack(">II", 0x1C849314, len(body)) + body).decode()


def mutate_log(data: bytes, draw: random.Random) -> bytes:
    lines = data.decode().splitlines(keepends=True) or ["\n"]
    at = draw.randrange(len(lines))
    line = lines[at]
    head, comma, text = line.rstrip("\n").rpartition(",")

    def strange() -> str:
        try:
            content = zlib.decompress(base64.b64decode(text)[8:])
            return histogram(draw, content)
        except (ValueError, zlib.error, struct.error):
            return "AAAA" * 300_000

    def changed() -> list[str]:
        return [*lines[:at], f"{head}{comma}{strange()}\n", *lines[at + 1 :]]

    found: list[str] = draw.choice(
        (
            changed, changed, changed, changed,
            lambda: lines[:at] + lines[at + 1 :],
            lambda: lines[:at] + [line] * 2 + lines[at + 1 :],
            lambda: [*lines[:at], line.replace("/", draw.choice(("", "//", "/9", "/%00", "/-1/")), 1)],
            lambda: [*lines[:at], f"{head}{comma}{'A' * (1 << 20)}\n", *lines[at + 1 :]],
            lambda: [torn(data[:200_000], draw).decode(errors="replace")],
        )
    )()  # fmt: skip
    return "".join(found).encode()


def mutated(kinds: list[Files], seed: int) -> tuple[Files, Mapping[str, str]]:
    """One of some results with one to three things changed.

    Returns:
        Its files, and what stands where other files should be: a directory, a link, a pipe.
    """
    draw = random.Random(seed)
    files, strange = dict(draw.choice(kinds)), {}
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        how = draw.random()
        name = (
            RESULT
            if how < 0.55 or (how < 0.75 and JOURNAL not in files)
            else JOURNAL
            if how < 0.75
            else LATENCY_LOG
        )
        if how > 0.95:
            strange[draw.choice(_NAMES)] = draw.choice(_STRANGE)
        elif how > 0.92:
            files.pop(draw.choice(list(files)))
        elif name not in files or len(files[name]) >= _GROWN:
            # What was made so large before takes seconds to change again.
            continue
        elif name == JOURNAL:
            files[name] = mutate_journal(files[name], draw)
        elif name == LATENCY_LOG:
            files[name] = mutate_log(files[name], draw)
        elif how > 0.5:
            files[name] = torn(files[name], draw)
        else:
            try:
                document = json.loads(files[name])
                mutate_document(document, draw)
            except (ValueError, RecursionError):
                continue
            files[name] = encoded(document, draw, indent=1)
    return files, strange


def put(directory: Path, files: Files, strange: Mapping[str, str]) -> None:
    """Write them."""
    directory.mkdir(parents=True)
    for name, data in files.items():
        (directory / name).write_bytes(data)
    makes: Mapping[str, Callable[[Path], object]] = {
        "directory": lambda path: path.mkdir(),
        "nowhere": lambda path: path.symlink_to("nowhere"),
        "loop": lambda path: path.symlink_to(path.name),
        "zero": lambda path: path.symlink_to("/dev/zero"),
        "pipe": lambda path: os.mkfifo(path),
        "canary": lambda path: path.symlink_to(Path("..") / ".." / CANARY),
    }
    for name, kind in strange.items():
        (directory / name).unlink(missing_ok=True)
        makes[kind](directory / name)
