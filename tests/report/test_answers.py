"""What the report says of statuses, of wrong answers, and of pages that were learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.analysis.answers import unlike
from bench.analysis.measured import DISTURBED
from bench.model import Learned, Suite
from bench.report import FORMATS
from bench.report.answers import section
from bench.report.results import groups
from bench.store import JOURNAL, RESULT, Writer, load
from tests.make_suite import make_suite, without_trials

PAGE = Learned(
    deployment="", scenario="mixed", endpoint="get", request="GET /", probes=20, status=200,
    media_type="text/html", location=None, shortest=1000, longest=1000,
)  # fmt: skip
BARE = replace(PAGE, status=204, media_type="", longest=0, shortest=0)


def suite(**pages: Learned) -> Suite:
    """Two servers, a tenth of whose answers went wrong, with these pages."""
    made = make_suite({"waitress": 2000.0, "gunicorn": 1000.0}, rounds=1, blocks=2, claims=False)
    trials = tuple(
        replace(
            trial,
            ok=90,
            failed=10,
            offered=100,
            dropped=0,
            unfinished=0,
            errors={"status": 7, "length": 3},
            statuses={"200": 93, "302": 7},
            wrong={"302 to /slow-down": 7, "200, no body": 3},
        )
        for trial in made.trials
    )
    of = {deployment.server.name: deployment.name for deployment in made.plan.deployments}
    learned = tuple(replace(page, deployment=of[server]) for server, page in pages.items())
    return replace(made, trials=trials, learned=learned)


def text(made: Suite) -> str:
    return " ".join(FORMATS["text"](made, analyse(made)).split())


def test_answers_of_blocks_that_were_measured_again_are_not_shown() -> None:
    """As little as they are in Errors."""
    made = suite()
    spoiled = replace(made, gaps=({"round": 1, "block": made.trials[0].block, "reason": DISTURBED},))
    kept = [trial for trial in made.trials if trial.block != made.trials[0].block]
    found = section(spoiled, analyse(spoiled), groups(spoiled, analyse(spoiled)))
    assert found is not None
    of_one = sum(trial.case == made.plan.cases[0].id for trial in kept)
    closed = next(t for t in found.tables if "closed" in t.caption)
    assert 0 < of_one < sum(trial.case == made.plan.cases[0].id for trial in made.trials)
    assert f"200: {93 * of_one}, 302: {7 * of_one}" in str(closed.rows)


def test_answers_are_shown_by_status_with_what_the_wrong_ones_were() -> None:
    made = suite()
    found = section(made, analyse(made), groups(made, analyse(made)))
    assert found is not None
    assert not found.folded
    closed = next(t for t in found.tables if "closed" in t.caption)
    number = sum(trial.case == made.plan.cases[0].id for trial in made.trials)
    statuses = f"200: {93 * number}, 302: {7 * number}"
    wrong = f"302 to /slow-down: {7 * number}; 200, no body: {3 * number}"
    assert [row.cells for row in closed.rows] == [
        (name, statuses, wrong) for name in ("waitress", "gunicorn")
    ]


def test_where_all_was_right_and_known_the_section_is_folded() -> None:
    made = suite()
    right = [replace(t, ok=100, failed=0, errors={}, statuses={"200": 100}, wrong={}) for t in made.trials]
    made = replace(made, trials=tuple(right))
    found = section(made, analyse(made), groups(made, analyse(made)))
    assert found is not None
    assert found.folded


def test_a_result_from_before_has_no_such_section() -> None:
    made = make_suite({"waitress": 2000.0}, rounds=1, blocks=2)
    assert section(made, analyse(made), groups(made, analyse(made))) is None


def test_the_verdict_says_what_came_instead() -> None:
    found = analyse(suite()).verdicts.values()
    assert all(
        "what came instead: '302 to /slow-down', '200, no body'; read" in verdict.reasons[0]
        for verdict in found
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_what_is_new(name: str) -> None:
    made = suite(waitress=PAGE)
    assert FORMATS[name](made, analyse(made))


def test_what_is_right_is_said_once_for_all_that_answer_so() -> None:
    said = text(suite(waitress=PAGE, gunicorn=PAGE))
    assert (
        "GET / of waitress and gunicorn: right is 200, text/html, 1,000 bytes (978 to 1,028 are taken)."
        in said
    )
    assert "different pages" not in said


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(BARE, status=302, location="/login"), "302 to /login, no body"),
        (BARE, "204, no body"),
        (replace(PAGE, media_type="application/json"), "200, application/json, 1,000 bytes"),
        (replace(PAGE, longest=300, shortest=280), "200, text/html, 300 bytes"),
    ],
)  # fmt: skip
def test_a_server_whose_page_differs_is_named(other: Learned, words: str) -> None:
    sentence = (
        f"gunicorn answers GET / with {words} where waitress answers 200, text/html, 1,000 bytes: these are "
        f"different pages, and their figures compare more than the servers."
    )
    made = suite(waitress=PAGE, gunicorn=other)
    assert list(unlike(made)) == [sentence]
    assert sentence in text(made)
    # Rounds start servers in an order that is drawn.
    assert list(unlike(replace(made, learned=made.learned[::-1]))) == [sentence]


def test_lengths_within_the_margin_are_the_same_page() -> None:
    assert list(unlike(suite(waitress=PAGE, gunicorn=replace(PAGE, shortest=1010, longest=1010)))) == []


def test_what_was_learned_is_stored_at_once_and_kept(tmp_path: Path) -> None:
    made = suite(waitress=PAGE)
    learned, bare = made.learned, replace(without_trials(made), learned=())
    with Writer.create(tmp_path, bare, analyse) as writer:
        writer.append(learned=learned)
        assert (tmp_path / JOURNAL).exists()
        assert load(tmp_path).learned == learned
        writer.append(trials=made.trials)
        writer.finish(complete=True, finished=made.finished)
    assert not (tmp_path / JOURNAL).exists()
    stored = load(tmp_path)
    assert stored.learned == learned
    assert stored.trials == made.trials


def test_a_result_that_knows_nothing_of_it_still_loads(tmp_path: Path) -> None:
    made = suite()
    with Writer.create(tmp_path, without_trials(made), analyse) as writer:
        writer.finish(complete=True, finished=made.finished)
    document = (tmp_path / RESULT).read_text()
    (tmp_path / RESULT).write_text(document.replace('"learned": [],', ""))
    assert '"learned"' not in (tmp_path / RESULT).read_text()
    assert load(tmp_path).learned == ()
