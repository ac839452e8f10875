"""Planted pages are right in every framing, and equal or not as told; the claim about them is tried."""

from __future__ import annotations

from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socketpair

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.exchange import Exchange
from bench.load.wire import Reply
from proof import differing
from proof.evidence import Archive
from proof.planted.behaviour import Plan
from proof.planted.pages import Pages

ASKED = Request("get", "GET", "/", Expect(200))


def sent(plan: Plan) -> list[bytes]:
    """Two of its pages."""
    pages, answers = Pages(plan), []
    for _ in range(2):
        ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
        with ours:
            with theirs:
                pages.send(theirs)
            answers.append(b"".join(iter(lambda: ours.recv(1 << 16), b"")))  # noqa: B023
    return answers


@pytest.mark.parametrize("differs", [False, True])
@pytest.mark.parametrize("framing", ["length", "pieces", "chunked", "chunks", "http10"])
@pytest.mark.parametrize(("size", "lengths"), [(13, 1), (1559, 1), (1559, 100)])
def test_planted_pages_are_right_and_differ_as_told(
    framing: str, differs: bool, size: int, lengths: int
) -> None:
    plan = Plan("pages", size=size, framing=framing, differing=differs, lengths=lengths)
    first, second = sent(plan)
    sizes = []
    for answer in (first, second):
        reply = Reply(Exchange(ASKED, 0, "host", close=True))
        reply.feed(answer)
        reply.end()
        assert (reply.complete, reply.fault) == (True, None)
        sizes.append(reply.size)
    longer = [number % lengths for number in ((1, 2) if differs else (1, 1))]
    assert sizes == [size + by for by in longer]
    assert (first != second) is differs


def test_the_claim_is_tried(tmp_path: Path) -> None:
    found = differing.prove(Archive(tmp_path), turns=1, scenes=differing.SCENES[1:2])
    assert found.reached.startswith("1.6 kB ")
    assert "by CPU time" in found.reached
    (sides,) = found.raw.values()
    assert all(rps > 0 < cpu_s for side in sides["1.6 kB"] for rps, cpu_s in side)
