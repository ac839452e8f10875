"""A server that doesn't start, answers wrongly or dies: reported with its reason, the others measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.store import load
from tests.cli.conftest import RATE, environment, measured, wsgi_bench

RUN = ("run", "--profile", "smoke", "--runtime", "local", "--servers", "gunicorn,waitress", "--rate", RATE)


def test_a_server_that_dies_midway(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(
        *RUN, "--app", "tests.cli.apps:mortal", "--blocks", "3", "--out", out,
        env=environment(TMPDIR=str(tmp_path)),
    )  # fmt: skip
    suite = load(out)
    analysis = analyse(suite)

    assert said.code == 3
    assert suite.complete
    (failure,) = suite.failures
    assert failure.deployment.startswith("waitress.")
    assert failure.reason.startswith("the server ended under load: it ")
    (record,) = (one for one in suite.deployments if one.deployment == failure.deployment)
    assert record.start_s is not None
    assert (record.stopped_cleanly, record.restarts) == (None, None)
    assert "the app has had enough" in failure.log
    assert "the app has had enough" in said.err
    assert "the app has had enough" in (out / "report.md").read_text()
    assert "the app has had enough" in (out / "report.html").read_text()
    gunicorn = [case for case in suite.plan.cases if case.server == "gunicorn"]
    assert not any("failed" in analysis.verdicts[case.id].codes for case in gunicorn)
    measured = [trial for trial in suite.trials if trial.case == gunicorn[0].id]
    assert len(measured) == suite.plan.blocks
    assert all(trial.ok and not trial.failed for trial in measured)
    for case in suite.plan.cases:
        if case.server == "waitress":
            assert not analysis.verdicts[case.id].valid
            rate = analysis.summaries[case.id].figures["throughput_rps"]
            assert rate is None or rate.value > 0


@pytest.mark.slow
def test_an_app_that_answers_wrongly(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(*RUN, "--app", "tests.cli.apps:wrong", "--blocks", "1", "--out", out)
    suite = load(out)

    assert said.code == 3
    assert suite.trials == ()
    assert [failure.phase for failure in suite.failures] == ["probe", "probe"]
    assert all("500 Internal Server Error" in failure.reason for failure in suite.failures)
    assert "500 Internal Server Error" in (out / "report.md").read_text()


def test_an_app_that_cannot_be_imported(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "mine.py").write_text("from nothing import app\n")
    variables = environment(PYTHONPATH=str(tmp_path))
    said = wsgi_bench(*RUN, "--app", "mine:app", "--blocks", "1", "--out", out, env=variables)
    suite = load(out)

    assert said.code == 3
    assert [failure.phase for failure in suite.failures] == ["start", "start"]
    for failure in suite.failures:
        assert any("No module named 'nothing'" in line for line in failure.log)
    assert "No module named 'nothing'" in (out / "report.md").read_text()
    assert "No module named 'nothing'" in said.err


@pytest.mark.slow
def test_an_app_outside_the_checkout_is_found_on_pythonpath(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '4')])\n"
        "    return [b'mine']\n"
    )
    said = wsgi_bench(
        "run", "--profile", "smoke", "--runtime", "local", "--app", "mine:app", "--blocks", "1",
        "--servers", "waitress,gunicorn,uwsgi", "--rate", RATE, "--out", "out",
        cwd=tmp_path, env=environment(PYTHONPATH="."),
    )  # fmt: skip

    measured(said, tmp_path / "out")
