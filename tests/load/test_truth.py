"""What trials say against what servers really did: short forms of the proof."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from math import ceil
from urllib.parse import urlsplit

import pytest

from bench.load.open import poisson
from tests.load.trials import SECOND, Ran, decode, link_to, run_closed, run_open
from tests.truth.behaviour import Plan
from tests.truth.planted import planted, truth

MEDIAN_S = 0.05
LENGTH_S = 1.2
ATTEMPTS = 5
SLACK_MS = 0.5


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that a share of all doesn't exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def said_ms(ran: Ran, share: float, *, open_load: bool) -> float:
    """A percentile as the report will read it, milliseconds."""
    text = ran.counted.histograms(("hello",), open_load)["latency/hello"]
    return float(decode(text).get_value_at_percentile(share * 100)) / 1000


def test_planted_delays_have_their_distribution() -> None:
    plan = Plan("delayed", median_s=MEDIAN_S, spread=0.5)
    assert plan.quantile_s(0.5) == pytest.approx(MEDIAN_S)
    assert plan.quantile_s(0.99) == pytest.approx(MEDIAN_S * 3.2002, rel=1e-4)


def closed_median_ms(close: bool) -> tuple[float, float]:
    """What closed load says of a delaying server, and what was true in the same window."""
    with planted("delayed", median_s=MEDIAN_S) as url, link_to(url) as link:
        ran = run_closed(link, users=32, length_s=LENGTH_S, close=close)
        answered = truth(url).answered
    inside = [(end - start) / 1e6 for start, end in answered if ran.window.opened < end <= ran.window.closed]
    assert ran.kinds() == {"ok": ran.counted.offered}
    assert abs(len(inside) - ran.counted.offered) <= 32
    return said_ms(ran, 0.5, open_load=False), quantile(inside, 0.5)


def open_median_ms(close: bool) -> tuple[float, float]:
    """What open load says of a delaying server, and what was true."""
    due = poisson(500.0, round(LENGTH_S * SECOND), seed=5)
    with planted("delayed", median_s=MEDIAN_S) as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S, close=close)
        answered = truth(url).answered
    assert ran.kinds() == {"ok": len(due)}
    assert len(answered) == len(due)
    return said_ms(ran, 0.5, open_load=True), quantile([(end - start) / 1e6 for start, end in answered], 0.5)


def machine_adds_ms() -> float:
    """What this machine, as busy as it is now, adds to an answer that the plainest client waits for."""
    asked: list[tuple[int, int]] = []
    with planted("delayed", median_s=0.01) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            for _ in range(60):
                sent = time.monotonic_ns()
                connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert connection.recv(4096)
                asked.append((sent, time.monotonic_ns()))
        answered = truth(url).answered
    pairs = zip(asked, answered, strict=True)
    return quantile([((done - sent) - (end - start)) / 1e6 for (sent, done), (start, end) in pairs], 0.5)


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("median_ms", [closed_median_ms, open_median_ms])
def test_the_median_delay_is_told(median_ms: Callable[[bool], tuple[float, float]], close: bool) -> None:
    for _ in range(ATTEMPTS):
        said, true = median_ms(close)
        slack_ms = SLACK_MS + 2 * machine_adds_ms()
        if said == pytest.approx(true, abs=0.03 * true + slack_ms):
            return
    pytest.fail(f"a median of {true:.2f} ms was said to be {said:.2f} ms, beyond 3 % and {slack_ms:.2f} ms")


def test_open_load_sees_a_standstill_and_closed_load_does_not() -> None:
    length_s = 2.0
    due = poisson(400.0, round(length_s * SECOND), seed=5)
    with planted("frozen", freeze_s=0.25, period_s=1.0) as url, link_to(url) as link:
        opened = run_open(link, due=due, length_s=length_s)
        closed = run_closed(link, users=4, length_s=length_s)
        frozen = truth(url).frozen
    assert opened.kinds() == {"ok": len(due)}
    waits_ms = [
        next((end - at for start, end in frozen if start < at < end), 0) / 1e6
        for at in (opened.window.opened + at for at in due)
    ]
    true_ms = quantile(waits_ms, 0.99)
    assert true_ms > 100
    assert said_ms(opened, 0.99, open_load=True) == pytest.approx(true_ms, rel=0.15)
    assert said_ms(closed, 0.99, open_load=False) < true_ms / 4


@pytest.mark.parametrize("fault", ["status", "body", "truncated", "reset"])
@pytest.mark.parametrize("model", ["closed", "open"])
def test_wrong_answers_are_counted_within_a_percentage_point(model: str, fault: str) -> None:
    with planted("wrong", fault=fault, every=20) as url, link_to(url) as link:
        if model == "closed":
            ran = run_closed(link, users=16, length_s=0.5)
        else:
            ran = run_open(link, due=poisson(1000.0, SECOND // 2, seed=5), length_s=0.5)
    assert ran.counted.offered >= 200
    assert ran.counted.errors().keys() == {fault}
    assert ran.counted.errors()[fault] / ran.counted.offered == pytest.approx(0.05, abs=0.01)
