"""How long one request may take: from the user's word into the plan, each trial and the result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from bench.analysis import analyse
from bench.ask.resolution import resolve
from bench.load.protocol import block_order, read_trial_order
from bench.model import TIMEOUT_S
from bench.model.errors import UsageError
from bench.plan.blocks import block_orders
from bench.store.document import from_document, to_document
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())


def test_it_is_ten_seconds_unless_it_is_set() -> None:
    assert resolve({}, ROOT, {}).timeout_s == TIMEOUT_S == 10.0
    assert resolve({}, ROOT, {"WSGI_BENCH_TIMEOUT": "2.5"}).timeout_s == 2.5
    assert resolve({"timeout": "60"}, ROOT, {"WSGI_BENCH_TIMEOUT": "2.5"}).timeout_s == 60.0


@pytest.mark.parametrize("value", ["0", "-1", "nan", "ten", "61"])
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=r"--timeout: .* is not a number from 1 to 60"):
        resolve({"timeout": value}, ROOT, {})


def test_every_trial_has_the_plan_s() -> None:
    plan = replace(make_suite({"a": 100.0}).plan, timeout_s=3.0)
    orders = block_orders(plan, plan.cases, 1, 0, 0)
    sent = json.loads(json.dumps(block_order(orders)))["trials"]
    assert orders
    assert [read_trial_order(order).timeout_s for order in sent] == [3.0] * len(orders)


def test_a_result_keeps_it_and_older_results_have_the_usual_one() -> None:
    suite = make_suite({"a": 100.0})
    suite = replace(suite, plan=replace(suite.plan, timeout_s=3.0))
    document = json.loads(json.dumps(to_document(suite, analyse(suite), 0)))
    jsonschema.validate(document, SCHEMA)
    assert from_document(document).plan.timeout_s == 3.0
    del document["plan"]["timeout_s"]
    jsonschema.validate(document, SCHEMA)
    assert from_document(document).plan.timeout_s == TIMEOUT_S
