"""What one process of the user's interpreter saw of an application, before any server started."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TroubleKind = Literal[
    "no-module", "import", "no-callable", "not-callable", "not-wsgi", "asgi", "factory", "factory-failed",
    "class", "nothing-made", "exit", "blocked", "ended", "memory", "no-python",
]  # fmt: skip
"""Why an application can't be served: its module isn't there, or it or another can't be imported; its
callable isn't there, or isn't one of WSGI; a factory that wasn't called, that raised, or returned None; it
called `sys.exit`, came to no end, ended its process, or used up memory; its interpreter doesn't start.
"""
_SESSION = re.compile(r"sess|(^|[._-])sid$|^remember_token$", re.IGNORECASE)


@dataclass(frozen=True)
class Raised:
    """An exception, with the place in the user's own code that it came from.

    Attributes:
        type: of the exception: "KeyError".
        text: its message, in one line.
        file: relative to the project where it is in it; empty if nobody knows.
        code: the line itself.
        module: that couldn't be imported; empty for other exceptions.
        variable: of the environment, that was asked for and isn't there; empty likewise.
    """

    type: str
    text: str
    file: str = ""
    line: int = 0
    code: str = ""
    module: str = ""
    variable: str = ""


@dataclass(frozen=True)
class Trouble:
    """Why there is no application to be asked.

    Attributes:
        detail: what the kind is about: a missing name, required parameters, the framework, an exit code.
        names: what there is instead.
        printed: the last line of what was printed, where the process ended.
    """

    kind: TroubleKind
    detail: str = ""
    names: tuple[str, ...] = ()
    raised: Raised | None = None
    printed: str = ""


@dataclass(frozen=True)
class Answered:
    """What became of one request of the scenario.

    Attributes:
        name: of its endpoint.
        request: its method and path: "GET /".
        status: of its first answer; None if there was none.
        later: of the answers after it, by a user who keeps cookies; None if it was asked once.
        bytes: of the first body.
        first_ms: how long the first call took, the reading of the body included.
        ms: the median of all other calls; of the first if it is the only one.
        calls: how many.
        same: whether all later bodies were equal.
        cookies: names that the first answer set.
        written: files that changed, relative to the project where they are in it; databases by their names.
        raised: what came out of the application, or made it answer 500.
        escaped: whether that left the application, when it had begun to answer or before.
        problems: what it does that PEP 3333 doesn't allow, each to follow "GET / ".
        writes: whether it calls the `write` that `start_response` returns.
        about: what a refusal is about: the Host, or a missing CSRF token.
        fault: why the answer isn't what the user expects of it; empty if it is.
    """

    name: str
    request: str
    status: int | None = None
    later: int | None = None
    bytes: int = 0
    first_ms: float = 0.0
    ms: float = 0.0
    calls: int = 1
    same: bool = True
    content_type: str = ""
    location: str = ""
    cookies: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    raised: Raised | None = None
    escaped: bool = False
    problems: tuple[str, ...] = ()
    writes: bool = False
    about: Literal["", "host", "csrf"] = ""
    fault: str = ""

    @property
    def session_cookies(self) -> tuple[str, ...]:
        return tuple(name for name in self.cookies if _SESSION.search(name))


@dataclass(frozen=True)
class Preflight:
    """An application as one process saw it.

    Attributes:
        callable: whole: with its name in the module where only the module was named.
        python: version of its interpreter: "3.12.4".
        implementation: "CPython" or "PyPy".
        frameworks: those it imported with their versions, the most telling first.
        import_s: how long its import took, a factory's call included.
        hosts: that a framework's settings allow, if they name any.
        trouble: why it can't be asked; None if it can.
        login, answered: what became of each request.
        unasked: requests of the scenario that weren't sent, since there are so many.
        databases: SQLite files that it opened.
        connects, binds: addresses that it connected to, and that it took itself.
        processes: that it started: programs, or "fork".
        threads: names of those that it left running.
        written: files that its import changed.
        printed: bytes.
        left_changed: files that are no longer as they were, each with the reason.
    """

    callable: str
    python: str = ""
    implementation: str = ""
    frameworks: tuple[tuple[str, str], ...] = ()
    import_s: float = 0.0
    hosts: tuple[str, ...] = ()
    trouble: Trouble | None = None
    login: tuple[Answered, ...] = ()
    answered: tuple[Answered, ...] = ()
    unasked: int = 0
    databases: tuple[str, ...] = ()
    connects: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    printed: int = 0
    left_changed: tuple[str, ...] = ()
