"""Answers as locust's own client reads them, told apart as the loop tells them apart.

Its parser puts everything that comes into one answer: the fields of trailers into the head, and where another
answer follows at once, that one's status and both bodies.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import gevent
import geventhttpclient.client
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPSocketPoolResponse
from locust.contrib.fasthttp import FastResponse

from bench.load.content import MOST_BYTES

_READ_BYTES = 65536


class LocustAnswer(HTTPSocketPoolResponse):
    """One answer, with its own head, status and content.

    Attributes:
        status: of the final answer; 0 before.
        head: the header fields of that as they came, names in lower case, without trailers.
        more: whether another answer followed it unasked.
    """

    def __init__(self, *words: Any, **options: Any) -> None:
        self.status = 0
        self.head: list[tuple[str, str]] = []
        self.more = False
        self._size = 0
        super().__init__(*words, **options)

    def _on_headers_complete(self) -> int | bool | None:
        skips_body = super()._on_headers_complete()
        if not self.status and (status := self.get_code()) >= 200:
            self.status, self.head = status, _fields(self.info())
        return skips_body

    def _on_message_begin(self) -> None:
        self.more = self.more or bool(self.status)
        super()._on_message_begin()

    def _on_body(self, buf: bytearray) -> None:
        if not self.more:
            self._size += len(buf)
        super()._on_body(buf)

    def content(self, timeout_s: float) -> bytes:
        """The whole body, if it comes in time and has an end.

        Raises:
            TimeoutError: it doesn't.
        """
        until, whole = time.monotonic() + timeout_s, bytearray()
        while part := self.read(_READ_BYTES):
            whole += part
            if len(whole) > MOST_BYTES or time.monotonic() > until:
                raise TimeoutError
            # While more is there, reading lets nobody else run.
            gevent.sleep(0)
        self.release()
        return bytes(whole[: self._size])

    def values(self, name: str) -> list[str]:
        """Of each header field of that name, in lower case."""
        return [value for known, value in self.head if known == name]

    def items_of(self, name: str) -> list[str]:
        """The members of a field that is a list, in lower case."""
        return [item.strip().lower() for value in self.values(name) for item in value.split(",")]


# It has no place for a response of one's own.
geventhttpclient.client.HTTPSocketPoolResponse = LocustAnswer  # type: ignore[attr-defined]


def _fields(index: Headers) -> list[tuple[str, str]]:
    """Each line by itself: the library joins those of one name in a list."""
    return [
        (name.lower(), value)
        for name, values in index.items()
        for value in (values if isinstance(values, list) else [values])
    ]


@cache
def as_it_came(timeout_s: float) -> type[FastResponse]:
    """A response whose body is what was sent: no content coding was asked for, and none is undone."""

    class AsItCame(FastResponse):
        _broken: Exception | None = None

        def _content(self) -> bytes:
            # Locust swallows what is raised here the first time; a second look would find an empty body.
            if self._broken is None:
                try:
                    return answer_of(self).content(timeout_s)
                except Exception as error:
                    self._broken = error
            raise self._broken

    return AsItCame


def answer_of(response: FastResponse) -> LocustAnswer:
    """What stands behind a response of locust's client."""
    answer = response._response
    assert isinstance(answer, LocustAnswer)
    return answer
