"""Whom a report holds responsible for answers that a client can't read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import Client, Suite
from bench.report import FORMATS
from tests.make_suite import make_suite

REFUSED = "an answer that locust's client refuses: Duplicate Content-Length"
ELSEWHERE = "measure without --client fasthttp"


def unread(client: Client, errors: dict[str, int], wrong: dict[str, int]) -> Suite:
    made = make_suite({"waitress": 2000.0}, rounds=1, blocks=2, claims=False)
    failed = sum(errors.values())
    trials = tuple(
        replace(
            t, ok=0, answers=0.0, failed=failed, offered=failed, dropped=0, unfinished=0, errors=errors,
            statuses={}, wrong=wrong,
        )
        for t in made.trials
    )  # fmt: skip
    return replace(made, plan=replace(made.plan, client=client), trials=trials)


@pytest.mark.parametrize(
    ("client", "errors", "elsewhere"),
    [
        ("fasthttp", {"malformed": 9, "reset": 1}, True),
        ("fasthttp", {"client": 10}, True),
        ("fasthttp", {"malformed": 1, "status": 9}, False),
        ("loop", {"malformed": 10}, False),
    ],
)
def test_a_server_is_not_blamed_for_what_locusts_client_refuses(
    client: Client, errors: dict[str, int], elsewhere: bool
) -> None:
    for verdict in analyse(unread(client, errors, {REFUSED: 9})).verdicts.values():
        said = next(finding.text for finding in verdict.findings if finding.code == "errors")
        assert (ELSEWHERE in said) is elsewhere
        assert ("read the server's log" in said) is not elsewhere
        assert REFUSED in said


def test_answers_without_a_status_are_shown_with_the_reason() -> None:
    made = unread("fasthttp", {"malformed": 10}, {REFUSED: 10})
    number = len([t for t in made.trials if t.case == made.plan.cases[0].id])
    assert f"{REFUSED}: {10 * number}" in FORMATS["md"](made, analyse(made))
