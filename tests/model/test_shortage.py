"""What this side runs out of: known by its number or its words, and never held against a server."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.load.outcomes import KINDS
from bench.load.protocol import failed
from bench.load.records import row_code
from bench.model import Suite, Trial
from bench.model.finding import exit_code
from bench.model.shortage import OWN_KINDS, Short, enough_files, found_in, kind_of, remedy
from bench.report import text
from tests.make_suite import make_suite

CASE = "gunicorn/shortly/mixed/closed-16"
NEVER_THERE = "libopenblas.so: cannot open shared object file: Too many open files"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EMFILE, "descriptors"),
        (errno.ENFILE, "descriptors"),
        (errno.EADDRNOTAVAIL, "ports"),
        (errno.EAGAIN, "ports"),
        (errno.ENOBUFS, "memory"),
        (errno.ENOMEM, "memory"),
        (errno.ECONNREFUSED, None),
        (errno.ENETUNREACH, None),
        (None, None),
    ],
)
def test_the_kind_of_a_connection_that_could_not_be_opened(number: int | None, kind: str | None) -> None:
    assert kind_of(number) == kind


def of(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (of(errno.EMFILE), "descriptors"),
        (of(errno.ENOMEM), "memory"),
        (of(errno.EAGAIN), "threads"),
        (MemoryError(), "memory"),
        (ImportError(NEVER_THERE), "descriptors"),
        (RuntimeError("can't start new thread"), "threads"),
        (Short("ports"), "ports"),
        (of(errno.ECONNREFUSED), None),
        (ImportError("No module named 'numpy'"), None),
    ],
)
def test_what_was_short_is_found_in_an_error_and_in_what_led_to_it(
    error: Exception, kind: str | None
) -> None:
    assert found_in(error) == kind
    outer = RuntimeError("numpy could not be imported")
    outer.__cause__ = error
    assert found_in(outer) == kind


def test_a_driver_that_lacks_something_says_what_and_how_to_get_it() -> None:
    event = failed(ImportError(NEVER_THERE))
    assert event["short"] == "descriptors"
    assert event["reason"] == (
        "the load generator ran out of file descriptors (ulimit -n): run `ulimit -n 4096` before (in "
        "containers: nofile in docker-compose.yml), or use fewer users or processes"
    )
    assert "short" not in failed(KeyError("nothing"))


def test_every_kind_fits_into_a_row() -> None:
    codes = {row_code(endpoint, number) for endpoint in range(3) for number in range(len(KINDS))}
    assert len(codes) == 3 * len(KINDS)
    assert set(OWN_KINDS) < set(KINDS)


@pytest.mark.parametrize(("users", "command"), [(16, "ulimit -n 4096"), (4000, "ulimit -n 8192")])
def test_the_command_raises_the_limit_far_enough(users: int, command: str) -> None:
    assert f"`{command}`" in remedy("descriptors", users)
    assert enough_files(4097) == 8192


def with_errors(errors: dict[str, int], *, claims: bool = True) -> Suite:
    suite = make_suite({"gunicorn": 3000.0}, claims=claims)

    def lacking(trial: Trial) -> Trial:
        number = sum(errors.values())
        return replace(trial, failed=number, errors=errors, offered=trial.offered + number)

    return replace(suite, trials=tuple(map(lacking, suite.trials)))


@pytest.mark.parametrize("claims", [True, False])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("descriptors", "`ulimit -n 4096`"),
        ("ports", '`sudo sysctl -w net.ipv4.ip_local_port_range="10240 65535"`'),
        ("memory", "`free -m`"),
    ],
)
def test_what_the_generator_could_not_send_is_no_error_of_the_servers(
    kind: str, said: str, claims: bool
) -> None:
    suite = with_errors({kind: 50}, claims=claims)
    analysis = analyse(suite)
    for case in suite.plan.cases:
        [finding] = analysis.verdicts[case.id].findings
        assert finding.code == "generator-limits"
        assert said in finding.text
        assert "it says nothing about the server" in finding.text
    assert exit_code(findings_of(suite, analysis)) == 4


def test_a_server_that_fails_beside_is_still_at_fault() -> None:
    suite = with_errors({"descriptors": 50, "status": 50})
    analysis = analyse(suite)
    limits, errors = analysis.verdicts[CASE].findings
    assert [limits.code, errors.code] == ["generator-limits", "errors"]
    assert "status" in errors.text
    assert "descriptors" not in errors.text
    assert exit_code(findings_of(suite, analysis)) == 3


def test_the_numbers_are_said_in_words() -> None:
    suite = with_errors({"ports": 1})
    suite = replace(suite, trials=tuple(t for t in suite.trials if t.case == CASE)[:1])
    [reason] = analyse(suite).verdicts[CASE].reasons
    assert reason.startswith(
        "generator-limits: the load generator itself had no local ports (net.ipv4.ip_local_port_range) for 1 "
        "request: run `sudo sysctl"
    )


def test_a_smoke_report_does_not_say_that_the_server_answered_wrongly() -> None:
    suite = with_errors({"descriptors": 50}, claims=False)
    said = text.render(suite, analyse(suite))
    assert (
        "1 of 1 server answered rightly. Not measured under every load: gunicorn (generator-limits)"
        in " ".join(said.split())
    )
