"""What is said where the users of a locust file made the load: who they were, and what can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.cases import measured
from bench.analysis.outcomes import counts_of
from bench.analysis.thinking import waiting_share
from bench.model import LocustFile, Suite
from bench.model.digits import a_second
from bench.report.results import Group
from bench.report.units import count, listed, percent

_HARDLY = 0.8
"""Users who wait for so much of their time hardly think: what they get is what the server can do."""


def made_by(file: LocustFile) -> str:
    """The client: "locust 2.47.0, shop.py (sha256 1f2e3d4c5b6a): 12 users of Shopper (HttpUser)"."""
    users = [f"{count(one.number, 'user')} of {one.name} ({one.client})" for one in file.users if one.number]
    chosen = [f"tags {', '.join(file.tags)}"] if file.tags else []
    chosen += [f"without tags {', '.join(file.exclude_tags)}"] if file.exclude_tags else []
    which = f"; {', '.join(chosen)}" if chosen else ""
    return f"locust {file.version}, {file.name} (sha256 {file.sha256[:12]}): {listed(users)}{which}"


def notes(suite: Suite, group: Group) -> Iterator[str]:
    """What a table of theirs compares, and what it doesn't."""
    yield (
        "Times count from when each request was sent, as locust's client saw it. Who waits asks nothing "
        "else, so a server that stands still is asked less while it does: its standstills weigh less than "
        "under open load."
    )
    cases = measured(suite)
    shares = [share for e in group.entries if (share := waiting_share(cases[e.case.id])) is not None]
    if not shares:
        return
    waited = percent(min(shares))
    if percent(max(shares)) != waited:
        waited += f" to {percent(max(shares))}"
    if min(shares) < _HARDLY:
        yield (
            f"The users waited for answers for {waited} of their time, and thought in the rest. So how many "
            f"requests they make is decided by them, and nearly the same whichever server answers: "
            f"throughput isn't compared. What can be compared is how long as many users wait. A slower "
            f"server is asked a little less often by them, so its times are better than at an equal rate."
        )
    else:
        yield (
            f"The users hardly think: they waited for answers for {waited} of their time. So "
            f"throughput is what the servers can do for as many users, and the times that are compared say "
            f"the same."
        )


def lines(suite: Suite) -> Iterator[str]:
    """What is said of the client under Validity, with how near it came to its ceiling."""
    file = suite.plan.locust
    if file is None:
        return
    yield (
        f"The load was made by the users of a locust file, not by the harness's own client: {made_by(file)}. "
        f"What a request's time holds of that client's own, and of its waiting for the CPU that all users "
        f"share, is in every server's times alike."
    )
    calibration = suite.calibration
    if calibration is None:
        return
    rates = [
        counts.ok / seconds
        for one in measured(suite).values()
        if (counts := counts_of(one.trials)) and (seconds := one.total(lambda trial: trial.duration_s))
    ]
    most = f"; at most {percent(max(rates) / calibration.keep_alive_rps)} of that was asked" if rates else ""
    yield (
        f"By itself {_client(file)} reaches {a_second(calibration.keep_alive_rps)}, asking a server of "
        f"prebuilt bytes for GET / without thinking, in one process{most}."
    )


def _client(file: LocustFile) -> str:
    """Whose ceiling was measured: a client of the file's own may speak something else than HTTP."""
    own = any(one.client == "User" for one in file.users)
    return "this client (where it is the file's own, HttpUser in its place)" if own else "this client"
