"""The address of a server that runs already: checked as it was typed, and as it goes over the wire."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import idna

_PORTS = range(1, 65536)
_SOCKET = re.compile(r"(?:(?:http\+)?unix|unix\+http):", re.IGNORECASE)
# sockaddr_un has room for so many, and a zero: unix(7).
_MOST_PATH_BYTES = 107
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_EXAMPLE = "http://127.0.0.1:8000"


def fault(text: str) -> str:
    """What is wrong with an address and what to write instead, as said of it; empty if nothing is."""
    if not text:
        return f"names no address; write it after the name, as in NAME={_EXAMPLE}"
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        return "has a space or a control character in it; leave that out"
    if _SOCKET.match(text):
        return _fault_of_socket(text)
    if re.match("/(?!/)|[.]{1,2}/|~", text) or text.endswith(".sock"):
        path = re.sub("^(?:https?|file):/*(?:unix:/*)?", "/", text, flags=re.IGNORECASE)
        return f"is a file; if it is a unix socket that speaks HTTP, write unix:{path}"
    parts = _SCHEME.fullmatch(text)
    if parts is None:
        return f"has no scheme; write {_with_scheme(text)}"
    if parts[1].lower() == "https":
        return (
            "is https, which can't be measured, since its cost is not the server's; name the address where "
            "the server itself speaks http"
        )
    if parts[1].lower() != "http":
        return f"has the scheme {parts[1]}, and only http is measured; write http://HOST:PORT"
    return _fault_of_netloc(re.split("[/?#]", parts[2], maxsplit=1)[0]) or _beyond_origin(text)


def addresses(url: str) -> tuple[str, ...]:
    """The IP addresses behind a URL without fault, the preferred one first.

    Raises:
        OSError, UnicodeError: the host has none.
    """
    host, port = _host_and_port(sent(url))
    resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in resolved))


def socket_path(url: str) -> str:
    """The absolute path of the unix socket that a URL without fault names; empty where it is none.

    Written `unix:/run/app.sock`, `http+unix:///run/app.sock`, or with `%2F` for a slash, as clients have it.
    """
    scheme = _SOCKET.match(url)
    if not scheme:
        return ""
    path = unquote(url[scheme.end() :])
    return str(Path(re.sub("^/+", "/", path)).absolute())


def host_of(url: str) -> str:
    """The host of a URL without fault, as it goes over the wire and without brackets."""
    return _host_and_port(sent(url))[0]


def sent(url: str) -> str:
    """A URL without fault as it is put on the wire: the host as browsers write one that isn't ASCII (UTS 46).

    The standard library's codec is IDNA 2003, which sends `straße.de` to `strasse.de`, another host.

    Raises:
        UnicodeError: there can be no such host.
    """
    if _SOCKET.match(url):
        # What is served there has no host; this is what curl --unix-socket sends for http://localhost/.
        return "http://localhost"
    netloc = urlsplit(url).netloc
    host, colon, port = netloc.rpartition(":") if _has_port(netloc) else (netloc, "", "")
    return f"http://{host if host.isascii() else _ascii(host)}{colon}{port}"


def same_server(url: str, other: str, *, shared: bool) -> bool:
    """Whether two URLs without fault are sure to be one server, however they are spelt.

    Two names of one address may be two sites behind it; an IP address or localhost is no site's name.

    Args:
        shared: whether their hosts have an address in common.
    """
    if socket_path(url) or socket_path(other):
        return Path(socket_path(url)).resolve() == Path(socket_path(other)).resolve()
    (host, port), (host_2, port_2) = _host_and_port(sent(url)), _host_and_port(sent(other))
    if port != port_2:
        return False
    return host == host_2 or (shared and (_is_plain(host) or _is_plain(host_2)))


def _fault_of_socket(text: str) -> str:
    path = socket_path(text)
    if Path(path) in (Path("/"), Path.cwd()):
        return "names no socket; write unix:/run/app.sock"
    if (size := len(os.fsencode(path))) > _MOST_PATH_BYTES:
        return f"has a path of {size} bytes, and a unix socket's has {_MOST_PATH_BYTES} at most; link to it"
    return ""


def _fault_of_netloc(netloc: str) -> str:
    netloc = netloc.rpartition("@")[2]
    if netloc.startswith("["):
        host, bracket, rest = netloc[1:].partition("]")
        if not bracket:
            return "has a '[' without a ']'; write http://[::1]:8000"
        if not _is_ipv6(host):
            return f"has '{host}' in brackets, which is no IPv6 address; write http://[::1]:8000"
        return _fault_of_port(f"http://[{host}]", rest) if rest else ""
    if _is_ipv6(netloc) or netloc.count(":") > 1:
        host, _, port = netloc.rpartition(":")
        if _is_ipv6(host) and port.isascii() and port.isdecimal():
            return f"has an IPv6 address without brackets; write http://[{host}]:{port}"
        if _is_ipv6(netloc):
            return f"has an IPv6 address without brackets; write http://[{netloc}]:PORT"
        return "has more than one colon after the scheme; write http://HOST:PORT"
    host, colon, port = netloc.partition(":")
    if not host:
        return f"names no host; write {_EXAMPLE.removesuffix(':8000') + colon + port if colon else _EXAMPLE}"
    return _fault_of_port(f"http://{host}", colon + port) if colon else ""


def _fault_of_port(before: str, rest: str) -> str:
    """What is wrong with what follows the host."""
    port = rest.removeprefix(":")
    if not rest.startswith(":"):
        return f"has '{rest}' after the host, where :PORT stands; write {before}:8000"
    if not port:
        return f"has a colon and no port; write {before}:8000"
    if not (port.isascii() and port.isdecimal()):
        return f"has the port '{port}', which is no number; write {before}:8000"
    if len(port) > 9 or int(port) not in _PORTS:
        return f"has the port {port}, and ports go from {_PORTS[0]} to {_PORTS[-1]}; write {before}:8000"
    return ""


def _beyond_origin(url: str) -> str:
    """What a URL has beside scheme, host and port; empty if nothing."""
    address = urlsplit(url)
    parts = {
        "a user": "@" in address.netloc,
        "a path": address.path not in ("", "/"),
        "a query": bool(address.query),
        "a fragment": bool(address.fragment),
    }
    beyond = " and ".join(part for part, is_there in parts.items() if is_there)
    if not beyond:
        return ""
    return f"has {beyond}, which would not be sent: scenarios have their own; end it after HOST:PORT"


def _with_scheme(text: str) -> str:
    """The same address with a scheme, or an example where that would have a fault of its own."""
    rest = re.sub("^https?:/*", "", text, flags=re.IGNORECASE).strip("/")
    if re.fullmatch(":?[0-9]{2,5}", rest):
        rest = f"127.0.0.1:{rest.removeprefix(':')}"
    written = f"http://{rest}"
    return _EXAMPLE if _fault_of_netloc(rest.split("/")[0]) else written


def _has_port(netloc: str) -> bool:
    return ":" in netloc.rpartition("]")[2]


def _host_and_port(url: str) -> tuple[str, int]:
    address = urlsplit(url)
    return address.hostname or "", address.port or 80


def _ascii(host: str) -> str:
    labels = idna.uts46_remap(host, std3_rules=False, transitional=False).split(".")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels
    )


def _is_plain(host: str) -> bool:
    """Whether a host is an IP address or localhost."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
