"""What a user asks of an application: requests of their own, as they are planned and told the load driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CaptureKind = Literal["regex", "json", "header"]


@dataclass(frozen=True)
class Drawn:
    """A value that is another each time: a whole number of a range, or a row of a list or of a CSV file.

    Attributes:
        name: `${NAME}` stands for it in a request, `${NAME.COLUMN}` for a column of a CSV file.
        columns: of a CSV file; empty for a list and for a range.
        rows: to draw from, each with a text for each column; empty for a range.
        first, last: of a range, both of which are drawn, too.
    """

    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    first: int = 0
    last: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """What a request calls its values."""
        return tuple(f"{self.name}.{column}" for column in self.columns) or (self.name,)


@dataclass(frozen=True)
class Capture:
    """A value that a user takes from an answer and has from then on.

    Attributes:
        name: `${NAME}` stands for it in later requests of the same user.
        kind: where it is found.
        where: a regular expression for the body, whose first group it is, or else all that matches; the path
            of a value in a JSON body; or the name of a header field.
    """

    name: str
    kind: CaptureKind
    where: str


@dataclass(frozen=True)
class AskedRequest:
    """One request, and what is right of its answer.

    Attributes:
        name: of its endpoint in the report.
        path: with the query.
        weight: how often it is sent, relative to the others; 0 only for what others are sent `after`.
        headers: beside Host, Accept, Content-Length and Cookie.
        body: its text; what isn't UTF-8 as surrogates (PEP 383).
        status: of the right answer; None for what the first probes see, which is no error and no redirect.
        contains: what the right body holds; empty for anything.
        redirects: whether a redirect may be learned from the first probes, too.
        uses: names of values that stand as `${NAME}` in path, headers and body. Any other `$` is itself.
        captures: what its answer gives.
        after: the name of the request that the same user sends just before, each time; empty for none.
        expect_headers: fields that the right answer has, with their whole values.
        expect_json: paths of values in the right body, each with the value as JSON.
    """

    name: str
    path: str
    method: str = "GET"
    weight: float = 1.0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    status: int | None = None
    contains: str = ""
    redirects: bool = False
    uses: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()
    after: str = ""
    expect_headers: tuple[tuple[str, str], ...] = ()
    expect_json: tuple[tuple[str, str], ...] = ()


FEWEST_USERS = 16
"""Of open load, if they have a state of their own."""


@dataclass(frozen=True)
class AskedScenario:
    """A mix of a user's own requests.

    Attributes:
        name: in cases and reports.
        requests: drawn by their weights.
        login: what each user sends once, in this order, before it is measured.
        values: that requests draw; those that `login` uses are drawn once for each user.
        cookies: whether users keep the cookies that they get; otherwise each request is a new visitor's.
        host: for the field Host; empty for the target's own.
        source: in words, where it comes from and what it covers; empty where the user wrote it.
        digest: of the whole scenario, where this is what a result shows of it; else empty.
    """

    name: str
    requests: tuple[AskedRequest, ...]
    login: tuple[AskedRequest, ...] = ()
    values: tuple[Drawn, ...] = ()
    cookies: bool = True
    host: str = ""
    source: str = ""
    digest: str = ""
