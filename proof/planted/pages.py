"""Pages as frameworks send them, as fast as the null server sends its own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from socket import socket

from proof.planted.behaviour import Plan

_TOKEN = "0" * 32
_HEAD = f"""HTTP/1.1 200 OK
Server: gunicorn
Date: Sun, 29 Nov 2026 12:00:00 GMT
Content-Type: text/html; charset=utf-8
X-Frame-Options: DENY
Vary: Cookie
X-Content-Type-Options: nosniff
Referrer-Policy: same-origin
Set-Cookie: csrftoken={_TOKEN}; Max-Age=31449600; Path=/; SameSite=Lax
ETag: "{_TOKEN}"
Server-Timing: app;dur={_TOKEN}
"""
_FRAMED = {
    "length": _HEAD + "Content-Length: %d\n\n",
    "pieces": _HEAD + "Content-Length: %d\n\n",
    "chunked": _HEAD + "Transfer-Encoding: chunked\n\n",
    "chunks": _HEAD + "Transfer-Encoding: chunked\n\n",
    "http10": _HEAD.replace("1.1", "1.0") + "\n",
}


class Pages:
    """The pages of one plan, in their order."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        head = _FRAMED[plan.framing].replace("\n", "\r\n").encode()
        self._head = head.split(_TOKEN.encode())
        self._numbers = itertools.count(1) if plan.differing else itertools.repeat(1)
        self._token = min(len(_TOKEN), plan.size // 2)
        rest = plan.size - self._token
        self._before, self._after = b"x" * (rest // 2), b"x" * (rest - rest // 2)

    def send(self, connection: socket) -> None:
        """Send the next."""
        plan, number = self._plan, next(self._numbers)
        token = b"%032d" % number
        longer = number % plan.lengths
        body: Sequence[bytes] = self._before, token[-self._token :], self._after, b"x" * longer
        if plan.framing in ("chunked", "chunks"):
            first, second = len(self._before) + self._token, len(self._after) + longer
            body = (b"%x\r\n" % first, *body[:2], b"\r\n%x\r\n" % second, *body[2:], b"\r\n0\r\n\r\n")
        head = token.join(self._head)
        if b"%d" in head:
            head %= plan.size + longer
        if plan.framing in ("pieces", "chunks"):
            connection.send(head)
            connection.sendmsg(body)
        else:
            connection.sendmsg((head, *body))
