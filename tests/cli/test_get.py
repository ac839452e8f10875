"""Pages that no scenario knows, measured by the real command: right is what they were at first."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bench.model import Trial
from bench.store import RESULT, load
from tests.cli.conftest import ROOT, environment, wsgi_bench
from tests.pages import HTML, Page, serving

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
WELCOME = Page(b"<p>Welcome</p>" * 20, headers=HTML)
LOGIN = Page(status=302, headers={"Location": "/login?next=/"})
QUICK = ("run", "--profile", "smoke", "--blocks", "1", "--users", "2", "--rate", "50")

# Another page from its second start on.
FICKLE = """
from pathlib import Path
marker = Path(__file__).with_name("started")
page = b"<p>Nothing is here</p>" if marker.exists() else b"<p>Welcome</p>" * 20
marker.touch()
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]
"""


def plain(text: str) -> str:
    """Without line breaks, wherever the terminal has them."""
    return " ".join(text.split())


@pytest.mark.slow
def test_what_is_no_page_or_turns_into_another_is_named_and_costs_nobody_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        serving(lambda _: LOGIN) as away,
        serving(lambda n: WELCOME if n <= 20 else Page(headers=HTML)) as ill,
        serving(lambda _: Page(status=204)) as none,
        serving(lambda _: WELCOME) as good,
    ):
        targets = {"away": away, "ill": ill, "none": none, "good": good}
        named = [word for name, url in targets.items() for word in ("--target", f"{name}={url}")]
        said = wsgi_bench(*QUICK, "--out", out, *named)

    assert said.code == 3, said.err
    assert "GET / answers 302 to /login?next=/, which would measure the redirect and no page" in plain(
        said.err
    )
    for words in (
        "what came instead: '200, no body'",
        "GET / of ill and good: right is 200, text/html, 280 bytes (273 to 293 are taken).",
        "GET / of none: right is 204, no body.",
        "none answers GET / with 204, no body where ill answers 200, text/html, 280 bytes: these are",
    ):
        assert words in plain(said.out)
    document = json.loads((out / RESULT).read_text())
    jsonschema.validate(document, SCHEMA)
    suite = load(out)
    assert [failure.deployment for failure in suite.failures] == ["away.external"]
    by_server: dict[str, list[Trial]] = {name: [] for name in targets}
    for trial in suite.trials:
        by_server[trial.case.partition("/")[0]].append(trial)
    assert not by_server["away"]
    for name, status in (("good", "200"), ("none", "204")):
        assert all(trial.statuses == {status: trial.ok} and not trial.errors for trial in by_server[name])
    assert all(trial.wrong == {"200, no body": trial.failed} for trial in by_server["ill"])
    assert sum(trial.errors["length"] for trial in by_server["ill"]) > 0


@pytest.mark.slow
def test_a_restart_that_changes_the_page_is_a_failure_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "fickle.py").write_text(FICKLE)
    said = wsgi_bench(
        *QUICK, "--runtime", "local", "--app", "fickle:application", "--servers", "waitress", "--rounds", "2",
        "--out", tmp_path / "out", env=environment(PYTHONPATH=str(tmp_path)),
    )  # fmt: skip
    assert said.code == 3, said.err
    (failure,) = load(tmp_path / "out").failures
    assert (failure.round, failure.phase) == (2, "probe")
    assert (
        "GET / answered 200, text/html, 280 bytes (273 to 293 are taken) when this run began, and answers "
        "200, text/html, 22 bytes now" in failure.reason
    )


@pytest.mark.slow
def test_resume_holds_a_page_to_what_the_run_saw_first(tmp_path: Path) -> None:
    out, pages = tmp_path / "out", [WELCOME]
    with serving(lambda _: pages[-1]) as url:
        said = wsgi_bench(*QUICK, "--out", out, "--target", f"x={url}")
        assert said.code == 0, said.err
        document = json.loads((out / RESULT).read_text())
        # As a run that was broken off before its first block.
        document["complete"] = False
        for case in document["cases"]:
            case["trials"] = []
        (out / RESULT).write_text(json.dumps(document))
        pages.append(LOGIN)
        said = wsgi_bench("resume", out)
    assert said.code == 3, said.err
    (failure,) = load(out).failures
    assert (
        "280 bytes (273 to 293 are taken) when this run began, and answers 302 to /login?next=/"
        in failure.reason
    )
