"""Requests of real traffic, counted: which of them can be asked again, and why the others can't."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bench.model.scenario import AskedRequest, AskedScenario

MOST_ASKED = 50
"""Different requests of a scenario, each of which is probed for up to a second, of each server."""
MOST_COUNTED = 100_000
"""Different requests that are counted at a time; they have 200 MB at most."""
_TITLE = 80
_STATIC = re.compile(
    r"\.(?:avif|bmp|css|eot|gif|ico|jpe?g|js|map|mjs|mp3|mp4|otf|png|svg|ttf|wasm|webm|webp|woff2?)$", re.I
)
_SECRET = re.compile(
    r"(?:^|[?&\"\s])(?:[\w-]*(?:token|password|secret|signature)|passw?d|pwd|api_?key|auth|sig|session_?id|sid)"
    r"(?:=|\"\s*:|\"\s*\r?\n)",
    re.I,
)
"""Names in a query, in a form of either kind, and in JSON."""
HOST = re.compile(r"[a-z0-9._:\[\]-]{1,255}")
"""What a host's name and port may be, in small letters."""
_WHOLE = {206: 200, 304: 200}
"""What is answered to a request that neither asks for a part nor has an older copy."""


class Seen(NamedTuple):
    """A request as it was seen; its path with the query."""

    host: str
    method: str
    path: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


class Tally:
    """How often each request was seen, in bounded memory.

    Attributes:
        asked: those that can be asked again.
        left: how many can't, by the reason.
    """

    def __init__(self) -> None:
        self.asked: Counter[Seen] = Counter()
        self.left: Counter[str] = Counter()

    def add(self, seen: Seen, number: int = 1) -> None:
        """Count a request, among those that are left out if it can't be asked again."""
        if why := _why_left(seen):
            self.left[why] += number
            return
        self.asked[seen._replace(status=_WHOLE.get(seen.status, seen.status))] += number
        if len(self.asked) > MOST_COUNTED:
            self._forget()

    def _forget(self) -> None:
        """Forget the rarer half, of which hardly any would be asked; what is seen again is counted anew."""
        counts = self.asked
        self.asked = Counter(dict(counts.most_common(len(counts) // 2)))
        self.left["of rarer paths"] += counts.total() - self.asked.total()

    def scenario(
        self, name: str, file: str, *, noun: str, host: str = "", unreadable: str = "", more: str = ""
    ) -> AskedScenario | None:
        """What was asked most often, of one host; None if nothing can be asked.

        Args:
            noun: what the requests are called, of one.
            host: the one that is meant, if it was asked; else the one that was asked most.
            unreadable: what could not be read, in words.
            more: what else there is to say of them.
        """
        hosts: Counter[str] = Counter()
        for seen, number in self.asked.items():
            hosts[seen.host] += number
        if not hosts:
            return None
        own = host if host in hosts else hosts.most_common(1)[0][0]
        del hosts[own]
        left = self.left.copy()
        if hosts:
            left[f"to other hosts, most to {hosts.most_common(1)[0][0]}"] += hosts.total()
        statuses: defaultdict[Seen, Counter[int]] = defaultdict(Counter)
        for seen, number in self.asked.items():
            if seen.host == own:
                statuses[seen._replace(status=0)][seen.status] += number
        often = Counter({seen: counts.total() for seen, counts in statuses.items()})
        chosen = dict(often.most_common(MOST_ASKED))
        asked = sum(chosen.values())
        left["of rarer paths"] += often.total() - asked
        covered = f"{noun} covers" if len(chosen) == 1 else f"{noun}s cover"
        share = _share(asked, asked + left.total())
        return AskedScenario(
            name,
            tuple(
                _request(title, seen, statuses[seen])
                for title, seen in zip(_titles(chosen), chosen, strict=True)
            ),
            host=own,
            source=f"{file}: {len(chosen):,} {covered} {share}{left_out(left, unreadable)}{more}",
        )


def left_out(left: Counter[str], unreadable: str = "") -> str:
    """What isn't asked, as the end of a sentence: "; left out: 1,804 POST, 220 answered 4xx"."""
    said = [f"{number:,} {why}" for why, number in left.most_common() if number]
    said += [unreadable] if unreadable else []
    return f"; left out: {', '.join(said)}" if said else ""


def _share(asked: int, of: int) -> str:
    """ "83 % of 12,304 requests"; neither none nor all is said of a part."""
    if asked == of:
        return f"all of {of:,} request{'s' if of > 1 else ''}"
    percent = min(round(100 * asked / of), 99)
    return f"{percent or 'under 1'} % of {of:,} requests"


def _titles(requests: Iterable[Seen]) -> Iterator[str]:
    """A short name for each, which no other has."""
    taken: Counter[str] = Counter()
    for seen in requests:
        title = seen.path if seen.method == "GET" else f"{seen.method} {seen.path}"
        title = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
        taken[title] += 1
        yield title if taken[title] == 1 else f"{title} ({taken[title]})"


def _request(title: str, seen: Seen, statuses: Counter[int]) -> AskedRequest:
    return AskedRequest(
        title,
        seen.path,
        method=seen.method,
        weight=float(statuses.total()),
        headers=seen.headers,
        body=seen.body,
        status=next(iter(statuses)) if len(statuses) == 1 else None,
    )


def _why_left(seen: Seen) -> str:
    """Why it can't be asked again; empty if it can. A form that was sent is often answered by a redirect."""
    page = seen.method in ("GET", "HEAD")
    if not seen.path.startswith("/"):
        return "with no path"
    if not 100 <= seen.status <= 599:
        return "without an answer"
    if not (200 <= seen.status < (300 if page else 400) or (page and seen.status == 304)):
        return f"answered {seen.status // 100}xx"
    if _STATIC.search(seen.path.partition("?")[0]):
        return "for static files"
    if _SECRET.search(seen.path) or _SECRET.search(seen.body):
        return "with a password or token"
    return ""
