"""Where load may go: to this machine's loopback addresses, and beyond them only where the user says so."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from bench.catalogue import origin
from bench.model.errors import UsageError

FLAG = "--i-may-test-this-host"

Addresses = tuple[str, ...]
"""The IP addresses behind a host, the preferred one first."""


def look_up(name: str, url: str, *, allowed: bool) -> Addresses:
    """Find the addresses behind a target, once: what is checked here is what load goes to.

    Args:
        url: without fault; a unix socket has no addresses.
        allowed: whether the user said that other machines may be tested, on the command line: a file or an
            environment may be a stranger's.

    Raises:
        UsageError: it has no address, or leads beyond this machine though nobody said that it may.
    """
    if origin.socket_path(url):
        # A unix socket is this machine's own.
        return ()
    try:
        addresses = origin.addresses(url)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--target '{name}={url}': {_unresolved(url, error)}") from None
    if refused := beyond(addresses) if not allowed else ():
        raise UsageError(_refusal(name, url, refused))
    return addresses


def beyond(addresses: Iterable[str]) -> Addresses:
    """The addresses that aren't loopback: a private network's are other machines', and 0.0.0.0 is
    whatever the system makes of it.
    """
    return tuple(address for address in addresses if not _is_loopback(address))


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def _refusal(name: str, url: str, addresses: Addresses) -> str:
    where = ", ".join(address for address in addresses if address != origin.host_of(url))
    leads = f"leads to {where}, which is" if where else "is"
    return (
        f"--target '{name}={url}' {leads} no loopback address of this machine, and a run sends as many "
        f"requests as are answered. If you may test that host, say so on the command line with {FLAG}; a "
        f"server of this machine is also at 127.0.0.1 or [::1]."
    )


def _unresolved(url: str, error: Exception) -> str:
    """Why a host has no address, and what to do."""
    host = url.partition("://")[2].rstrip("/")
    if isinstance(error, UnicodeError):
        return f"'{host}' can't be a host's name ({error}). Correct it, or name its IP address."
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"the host of '{host}' can't be found ({reason}). Correct it, or name its IP address."
