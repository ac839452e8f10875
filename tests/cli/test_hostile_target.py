"""A target that misbehaves beside a good one costs its own cases, and is told of once, at once, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.store import load
from tests.cli.conftest import wsgi_bench
from tests.load import peers
from tests.load.test_unserved import busy, each_fourth


@pytest.mark.slow
def test_the_good_one_s_trials_are_whole_and_each_failure_is_said_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hostile = {"stream": peers.streaming, "slow": peers.silent, "shut": peers.closing}
    with (
        peers.peer(peers.right) as good,
        peers.peer(hostile["stream"]) as stream,
        peers.peer(hostile["slow"]) as slow,
        peers.peer(hostile["shut"]) as shut,
    ):
        said = wsgi_bench(
            "run", "--profile", "smoke", "--blocks", "1", "--rate", "20", "--users", "2", "--timeout", "1",
            "--processes", "2", "--scenarios", "hello", "--out", out,
            "--target", f"good={good.url}", "--target", f"stream={stream.url}",
            "--target", f"slow={slow.url}", "--target", f"shut={shut.url}",
        )  # fmt: skip

    suite = load(out)
    assert said.code == 3
    assert suite.complete
    assert suite.plan.timeout_s == 1.0
    assert {failure.deployment.partition(".")[0] for failure in suite.failures} == hostile.keys()
    trials = [trial for trial in suite.trials if trial.case.startswith("good/")]
    assert {trial.case for trial in trials} == {"good/external/hello/closed-2", "good/external/hello/open"}
    assert all(trial.offered and trial.ok + trial.dropped == trial.offered for trial in trials)
    closed = next(case.id for case in suite.plan.cases if case.id.startswith("good/") and "closed" in case.id)
    assert analyse(suite).verdicts[closed].valid
    for words in (
        " failed: no right answer: GET /: it accepted the connection and sent not a byte within "
        "1 s, which --timeout sets",
        " failed: no whole answer in scenario hello: GET /: it closed the connection without an answer",
        "stream.external, ",
    ):
        assert said.err.count(words) == 1, said.err
    for text in (said.err, said.out):
        assert not any(sign in text for sign in ("b'", "\\x", "range(", "'nothing'"))


@pytest.mark.slow
def test_connections_that_are_not_served_in_the_warm_up_make_cases_invalid(tmp_path: Path) -> None:
    """All that counts is answered rightly, on the connections that are left."""
    out = tmp_path / "out"
    with peers.peer(peers.right) as good, peers.peer(each_fourth(busy)) as fourth:
        said = wsgi_bench(
            "run", "--profile", "smoke", "--rate", "20", "--scenarios", "hello", "--out", out,
            "--target", f"good={good.url}", "--target", f"fourth={fourth.url}",
        )  # fmt: skip
    suite = load(out)
    assert said.code == 3
    texts = {
        case: [finding.text for finding in verdict.findings]
        for case, verdict in analyse(suite).verdicts.items()
    }
    assert len(texts) == 4
    for case, found in texts.items():
        said_of_it = any(
            "new connections got no right answer to their first request" in text for text in found
        )
        assert said_of_it == case.startswith("fourth/"), found
