"""A way to the Docker engine on which limits get lost, as with an engine that may not set them."""

from __future__ import annotations

import json
import re
import socket

from tests.cli.engine_proxy import EngineProxy

_CREATES = re.compile(rb"POST \S*/containers/create[? ]")
_LENGTH = re.compile(rb"(?i)\r\nContent-Length: (\d+)")
_BUFFER = 1 << 16
_LIMITS = {"CpusetCpus": "", "Memory": 0, "MemorySwap": 0, "PidsLimit": 0}


class CarelessEngine(EngineProxy):
    """Takes CPUs, memory and numbers of processes out of every container that is to be made."""

    def _passed_on(self, source: socket.socket, data: bytes) -> bytes:
        # Each request begins where an answer has ended, so with a piece of its own.
        if not _CREATES.match(data):
            return data
        while b"\r\n\r\n" not in data:
            data += source.recv(_BUFFER)
        head, _, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None, head
        while len(body) < int(length[1]):
            body += source.recv(_BUFFER)
        asked = json.loads(body)
        asked["HostConfig"].update(_LIMITS)
        body = json.dumps(asked).encode()
        return head.replace(length[0], b"\r\nContent-Length: %d" % len(body)) + b"\r\n\r\n" + body
