"""Which URLs may be shortened, and the one form in which each is stored."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

from werkzeug.urls import uri_to_iri

MAX_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}

_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_BRACKETED = re.compile(r"\[[^\[\]]+\](:[0-9]*)?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PUNYCODE_LABEL = re.compile(r"(?<![^.])xn--[a-z0-9_-]+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})
# IDNA 2003, which Python has, maps these to other letters or to none, and so to somebody else's host;
# browsers keep them (UTS 46, section 7: https://unicode.org/reports/tr46/#IDNA2003-2008).
_KEPT_LETTERS = frozenset("ßς")
_JOINERS = frozenset("\u200c\u200d")


class RefusedURLError(ValueError):
    """A URL that isn't shortened; the message is for the person who typed it."""


def normalize(typed: str, own_host: str) -> str:
    """Return the ASCII form in which a URL is stored.

    Scheme and host in lower case, the host in Punycode, no default port, at least `/` as path, everything
    that isn't allowed in a URL percent-encoded, escapes in upper case.

    Args:
        own_host: the host of the request, with its port if it names one: no link may lead back here.

    Raises:
        RefusedURLError: it isn't a URL, or not one that is shortened.
    """
    if len(typed) > MAX_LENGTH:
        raise RefusedURLError(f"This URL is longer than {MAX_LENGTH} characters.")
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in typed):
        raise RefusedURLError("A URL has no spaces, line breaks or control characters.")
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise RefusedURLError("This is not a URL: its host or port is malformed.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise RefusedURLError("A URL must begin with http:// or https://.")
    if "@" in parts.netloc:
        raise RefusedURLError("A URL with a user name or password is not shortened.")
    host = _ascii_host(parts.netloc, parts.hostname)
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    if _comparable(host) == _comparable(own_host):
        raise RefusedURLError("This URL is already a short one.")
    url = urlunsplit(
        (
            parts.scheme,
            host,
            _escape(parts.path or "/", "%!$&'()*+,/:;=@"),
            _escape(parts.query, "%!$&'()*+,/:;=?@"),
            _escape(parts.fragment, "%!$&'()*+,/:;=?@"),
        )
    )
    if len(url) > MAX_LENGTH:
        raise RefusedURLError(f"This URL is longer than {MAX_LENGTH} characters when it is encoded.")
    return url


def readable(url: str) -> str:
    """Return a stored URL as people write it, unless that would hide or reorder some of its characters."""
    parts = urlsplit(url)
    # Werkzeug's function fails for a host that IDNA 2003 can't decode, so it doesn't get to see the host.
    shown = urlsplit(uri_to_iri(urlunsplit(parts._replace(netloc="host"))))
    text = urlunsplit(shown._replace(netloc=_PUNYCODE_LABEL.sub(_readable_label, parts.netloc)))
    return text if text.isprintable() else url


def hostname(url: str) -> str:
    """Return the host of a stored URL, with its port, as people write it."""
    return urlsplit(readable(url)).netloc


def _ascii_host(netloc: str, name: str | None) -> str:
    if not name:
        raise RefusedURLError("This URL has no host.")
    try:
        if "[" in netloc:
            if "%" in name or not _BRACKETED.fullmatch(netloc):
                raise ValueError(netloc)
            return f"[{IPv6Address(name).compressed}]"
        host = ".".join(_ascii_label(label) for label in re.split("[.\u3002\uff0e\uff61]", name))
        labels = host.removesuffix(".").split(".")
        if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
            raise ValueError(host)
        # As browsers do: https://url.spec.whatwg.org/#ends-in-a-number-checker
        return str(IPv4Address(host)) if _NUMBER.fullmatch(labels[-1]) else host
    except ValueError:
        raise RefusedURLError(f"There can be no host named {name!r}.") from None


def _ascii_label(label: str) -> str:
    if _JOINERS.intersection(label):
        raise ValueError(label)
    if not _KEPT_LETTERS.intersection(label):
        return label.encode("idna").decode("ascii").lower()
    return "xn--" + unicodedata.normalize("NFKC", label).encode("punycode").decode("ascii")


def _readable_label(ascii_label: re.Match[str]) -> str:
    try:
        label = ascii_label[0].removeprefix("xn--").encode("ascii").decode("punycode")
        # Otherwise `xn--example-` would be shown as `example`.
        return label if _ascii_label(label) == ascii_label[0] else ascii_label[0]
    except ValueError:
        return ascii_label[0]


def _escape(part: str, safe: str) -> str:
    quoted = quote(_BARE_PERCENT.sub("%25", part), safe=safe)
    return _ESCAPE.sub(lambda escape: escape[0].upper(), quoted)


def _comparable(host: str) -> str:
    """Drop what makes no other host of it: case, the root's dot, either default port."""
    return re.sub(r"\.?(:(80|443))?$", "", re.sub(r"\.(?=:)", "", host.lower()))
