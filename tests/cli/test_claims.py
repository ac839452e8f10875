"""What a run says of pinning, limits and lasting processes is what was read of those that ran."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.machine.awake import worth_keeping
from bench.machine.place import HERE
from bench.model.finding import exit_code
from bench.store import RESULT, load
from tests.cli.conftest import RATE, ROOT, environment, wsgi_bench
from tests.required import lacks

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())


@pytest.mark.slow
def test_an_app_that_frees_itself_and_a_worker_that_dies_once(tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        lacks("There is one CPU only, so nothing can be pinned")
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "standard", "--runtime", "local", "--servers", "gunicorn,waitress",
        "--app", "tests.cli.apps:freed", "--rounds", "1", "--blocks", "3", "--rate", RATE, "--out", out,
        env=environment(TMPDIR=str(tmp_path)),
    )  # fmt: skip
    suite = load(out)
    analysis = analyse(suite)

    assert said.code == exit_code(findings_of(suite, analysis)) != 0
    jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)
    # One a start, of the server and of its twin; of a round that is measured again the last one is recorded.
    restarts = {record.deployment.split(".")[0]: record.restarts for record in suite.deployments}
    assert restarts == {"gunicorn": 1, "gunicorn-twin": 1, "waitress": 0}
    assert len(list(tmp_path.glob("died-*"))) >= 2
    # A round's first trial says what was sent in the warm-up and the pilot before it, too.
    first, second, *_ = (t for t in suite.trials if t.case == "waitress/tests.cli.apps.freed/get/closed-16")
    beside = [(trial.sent or 0) - trial.offered for trial in (first, second)]
    assert beside[0] > beside[1] > 0
    codes = {
        server: {code for case in suite.plan.cases if case.server == server
                 for code in analysis.verdicts[case.id].codes}
        for server in ("gunicorn", "waitress")
    }  # fmt: skip
    assert {"restarted", "not-pinned"} <= codes["gunicorn"]
    assert not {"restarted", "not-pinned"} & codes["waitress"]
    report = (out / "report.md").read_text()
    assert "1 of its processes ended while it was measured (in 1 of 1 round)" in report
    asked = ", ".join(map(str, suite.environment.cpu_split.server))
    assert f"(asked for: {asked})" in report
    kept = suite.environment.kept_awake
    assert kept == worth_keeping(suite.plan, suite.environment.cpu_split, HERE)
    assert ("Kept from going idle" in report) is bool(kept)
