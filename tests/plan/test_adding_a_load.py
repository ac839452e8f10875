"""A third load model is a module and a line: a copy of `bench` gets one, and is asked for it everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

STEADY = '''
from dataclasses import dataclass, field
from bench.model.loads.open import Open

@dataclass(frozen=True)
class Steady(Open):
    """Requests are due at equal distances."""
    model: str = field(default="steady", init=False)

    @classmethod
    def wanted(cls, _users, connections, _shares, _rate, /):
        yield cls(8, 100.0, connections[0])

    def length_s(self, _plan, _drawn=0.5):
        return 3.0

    def due(self, length_ns, _seed, /):
        return list(range(0, length_ns, 10_000_000))

    @property
    def name(self):
        return "steady"

    def words(self):
        return "steady load"

    def short(self):
        return "steady"
'''

ASKED = """
import json
from dataclasses import asdict, replace
from bench.analysis import analyse
from bench.analysis.groups import group_of
from bench.analysis.figures import compared
from bench.cli import listing
from bench.live.running_figures import load_in_words
from bench.load.protocol import read_trial_order
from bench.model import MODELS, Case
from bench.plan.blocks import block_models, block_orders
from bench.plan.duration import expected_each_s, parts_of
from bench.report import text
from bench.model.jsonable import dump, parse
from tests.make_suite import make_suite
from tests.plan.test_plan import plan_of

plan = plan_of("standard")
cases = [case for case in plan.cases if case.load.model == "steady"]
[order, *_] = block_orders(plan, cases, 1, 0, 0)
suite = make_suite({"gunicorn": 1000.0, "waitress": 800.0}, rounds=4, open_rate=300.0)
steady = MODELS["steady"](8, 100.0)
measured = [case if case.load.waits else replace(case, load=steady) for case in suite.plan.cases]
suite = replace(suite, plan=replace(suite.plan, cases=tuple(measured)))
print(json.dumps({
    "ids": [case.id for case in cases],
    "blocks": [block_models(plan).count(model) for model in ("open", "steady")],
    "length_s": order.length_s,
    "due": read_trial_order(asdict(order)).load.due(30_000_000, 1),
    "trials": parts_of(plan).measured["steady"],
    "expected": expected_each_s(plan)["steady"] > 3.0,
    "group": group_of(cases[0]),
    "screen": load_in_words("mixed", cases[0].load),
    "dry run": "steady load" in listing.plan(plan),
    "figures": [figure.name for figure in compared(steady.loop)],
    "stored": dump(cases[0].load),
    "same": parse(Case, dump(cases[0]), "case") == cases[0],
    "report": "steady load" in text.render(suite, analyse(suite)),
}))
"""


SERVERS = ("wsgiref", "gunicorn", "uwsgi", "gunicorn-twin")
PAGES = ("hello/hello", "shortly/mixed", "shortly/follow")
IDS = [f"{server}/{page}/steady" for page in PAGES for server in SERVERS]


def test_a_third_load_model_is_a_module_and_a_line(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bench", tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    loads = tmp_path / "bench/model/loads"
    (loads / "steady.py").write_text(STEADY)
    registry = (loads / "__init__.py").read_text()
    imported = "from bench.model.loads.open import Open\n"
    line = '    "open": Open,\n'
    assert registry.count(imported) == registry.count(line) == 1
    registry = registry.replace(imported, f"{imported}from bench.model.loads.steady import Steady\n")
    (loads / "__init__.py").write_text(registry.replace(line, f'{line}    "steady": Steady,\n'))

    ran = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "ids": IDS,
        "blocks": [2, 2],
        "length_s": 3.0,
        "due": [0, 10_000_000, 20_000_000],
        "trials": 10 * 2 * len(IDS),
        "expected": True,
        "group": "hello, hello, steady load",
        "screen": "mixed, steady",
        "dry run": True,
        "figures": ["p99", "p95", "p50"],
        "stored": {"model": "steady", "users": 8, "rate": 100.0, "connection": "as-is", "share": None},
        "same": True,
        "report": True,
    }
