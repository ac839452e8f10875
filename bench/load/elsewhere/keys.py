"""The keys of the channel between a master and its generators, made of the secret that both know.

The channel is ZeroMQ's own, CurveZMQ (https://rfc.zeromq.org/spec/26): encrypted and authenticated on both
sides, and libzmq looks at that before locust sees a byte. Neither public key is ever sent in the clear, so
whoever knows one knows the secret.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import zmq
from zmq.utils import z85

SECRET_VARIABLE = "WSGI_BENCH_SECRET"
SHORTEST_SECRET = 16
_SALT = b"wsgi-bench generators"
_KEY_BYTES = 32
# About 0.1 s and 32 MB for each guess: https://www.rfc-editor.org/rfc/rfc7914#section-2
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 1 << 26}


@dataclass(frozen=True)
class KeyPair:
    """One side's keys, Z85 as libzmq takes them."""

    public: bytes
    secret: bytes


@dataclass(frozen=True)
class Keys:
    """Those of both sides."""

    master: KeyPair
    generator: KeyPair


def keys_of(secret: str) -> Keys:
    """The keys that a secret gives."""
    made = hashlib.scrypt(secret.encode(), salt=_SALT, dklen=2 * _KEY_BYTES, **_SCRYPT)
    return Keys(_pair(made[:_KEY_BYTES]), _pair(made[_KEY_BYTES:]))


def _pair(secret: bytes) -> KeyPair:
    encoded = z85.encode(secret)
    return KeyPair(zmq.curve_public(encoded), encoded)
