"""What trials say against what servers really did: short forms of the proof."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import ceil

import pytest

from bench.model.loads.arrivals import poisson
from proof.planted.behaviour import Plan
from proof.planted.start import planted, truth
from tests.load.trials import SECOND, Ran, decode, link_to, run_closed, run_open

MEDIAN_S = 0.05
LENGTH_S = 0.6


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


def assert_median(said: float, values: Sequence[float]) -> None:
    """It is one of the middle values: by how many ranks definitions differ is no matter."""
    ordered, middle = sorted(values), len(values) // 2
    assert 0.998 * ordered[max(0, middle - 2)] <= said <= 1.002 * ordered[min(middle + 2, len(values) - 1)]


def at_least_ms(answers: int, share: float) -> float:
    """A percentile of the delays that were planted for so many answers: no client can have waited less."""
    plan = Plan("delayed", median_s=MEDIAN_S)
    return 1000 * quantile(list(islice(plan.delays_s(), answers)), share)


@pytest.mark.parametrize("close", [False, True])
def test_closed_load_tells_the_planted_delays(close: bool) -> None:
    with planted("delayed", median_s=MEDIAN_S) as url, link_to(url) as link:
        ran = run_closed(link, users=32, length_s=LENGTH_S, close=close)
    waits_ms = sorted((row.done - row.sent) / 1e6 for row in ran.rows)
    assert ran.kinds() == {"ok": ran.counted.offered}
    for share in (0.1, 0.5, 0.9):
        assert quantile(waits_ms, share) >= at_least_ms(len(ran.rows), share)
    begun = [row for row in ran.rows if ran.window.opened < row.sent <= ran.window.closed]
    assert_median(said_ms(ran, 0.5, open_load=False), [(row.done - row.sent) / 1e6 for row in begun])


@pytest.mark.parametrize("close", [False, True])
def test_open_load_tells_the_planted_delays(close: bool) -> None:
    due = poisson(500.0, round(LENGTH_S * SECOND), seed=5)
    with planted("delayed", median_s=MEDIAN_S) as url, link_to(url) as link:
        ran = run_open(link, due=due, length_s=LENGTH_S, close=close)
    assert ran.kinds() == {"ok": len(due)}
    waits_ms = [(row.done - row.due) / 1e6 for row in ran.rows]
    for share in (0.1, 0.5, 0.9):
        assert quantile(waits_ms, share) >= at_least_ms(len(due), share)
    assert_median(said_ms(ran, 0.5, open_load=True), waits_ms)


def test_open_load_sees_a_standstill_and_closed_load_does_not() -> None:
    length_s, users = 2.0, 4
    due = poisson(400.0, round(length_s * SECOND), seed=5)
    with planted("frozen", freeze_s=0.25, period_s=1.0) as url, link_to(url) as link:
        opened = run_open(link, due=due, length_s=length_s)
        closed = run_closed(link, users=users, length_s=length_s)
        frozen = truth(url).frozen
    assert opened.kinds() == {"ok": len(due)}
    waits_ms = [
        next((end - at for start, end in frozen if start < at < end), 0) / 1e6
        for at in (opened.window.opened + at for at in due)
    ]
    true_ms = quantile(waits_ms, 0.99)
    assert true_ms > 100
    waited_ms = quantile([(row.done - row.due) / 1e6 for row in opened.rows], 0.99)
    assert waited_ms >= true_ms
    assert said_ms(opened, 0.99, open_load=True) >= 0.9 * true_ms
    caught = [sum(row.sent < end and row.done > end for row in closed.rows) for _, end in frozen]
    assert max(caught) <= users, "who waits for a frozen server sends nothing more"
