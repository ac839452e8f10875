"""What the kernel knows of a connection of ours: whether it was asked for more than once, and how it ended.

A server's full listen queue shows at the client only so: the kernel drops the SYN without a word, and TCP
sends it again after 1 s (RFC 6298). The machine's counters, ListenOverflows and ListenDrops, are of all its
programs.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from socket import IPPROTO_TCP, SocketType

from bench.load.clock import now_ns

SOONEST_NS = 150_000_000
"""Before this TCP sends nothing again: Linux waits 0.2 s or more (TCP_RTO_MIN), 1 s for a SYN."""

# struct tcp_info of linux/tcp.h; older kernels give less of it. `TCP_INFO` isn't in every Python.
_TCP_INFO = 11
_SIZE = 216
_SYN_SENT, _CLOSE_WAIT = 2, 8
_RESET_WITHIN_NS = 200_000
_STATE = struct.Struct("B")
_UNACKED = struct.Struct("24xI")
_TOTAL_RETRANS = struct.Struct("100xI")
_BYTES_RETRANS = struct.Struct("208xQ")


def loses_nothing(host: str) -> bool:
    """Whether the way to an address never loses a packet: it doesn't leave the machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def was_read(sock: SocketType) -> bool:
    """Whether the other side had read all that was sent when it closed the connection, which it has.

    A socket that is closed with something unread, or is sent something after it was closed, answers with a
    reset (RFC 1122, 4.2.2.13; Linux, `tcp_close` and `unix_release_sock`). What was acknowledged, and isn't
    followed by one, was read.

    To say yes takes `_RESET_WITHIN_NS`: some servers shut a socket down just before they close it.
    """
    until = now_ns() + _RESET_WITHIN_NS
    while True:
        try:
            info = sock.getsockopt(IPPROTO_TCP, _TCP_INFO, _SIZE)
        except OSError:
            # A unix socket says of what was unread that the connection was reset.
            return True
        if _STATE.unpack_from(info)[0] != _CLOSE_WAIT or _UNACKED.unpack_from(info)[0]:
            return False
        if now_ns() >= until:
            return True


def asked_again(sock: SocketType, lossless: bool) -> bool:
    """Whether a connection's SYN was sent more than once.

    Args:
        lossless: whether the connection doesn't leave the machine. Then nothing but a full listen queue holds
            up a SYN, or the handshake's last part: in the latter case the client takes itself to be
            connected, and what it sends is what TCP sends again. Over a network that may be a lost packet.
    """
    try:
        info = sock.getsockopt(IPPROTO_TCP, _TCP_INFO, _SIZE)
    except OSError:
        return False
    if len(info) < _TOTAL_RETRANS.size:
        return False
    if lossless and _STATE.unpack_from(info)[0] == _SYN_SENT:
        return True
    if not _TOTAL_RETRANS.unpack_from(info)[0]:
        return False
    # A SYN carries no bytes.
    return lossless or len(info) < _BYTES_RETRANS.size or not _BYTES_RETRANS.unpack_from(info)[0]
