"""What reports and verdicts say of pinning, limits and restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.analysis.recycling import recycles
from bench.doctor import notes
from bench.model import Confined, Confinement, DeploymentRecord, Failure, Server, Suite
from bench.model.errors import EXIT_NOT_VALID
from bench.model.finding import Finding, exit_code
from bench.model.surroundings import Limits
from bench.report.csv import render as csv
from bench.report.sections import page
from bench.store import Writer, load
from tests.doctor.test_doctor import HEALTHY
from tests.make_suite import make_suite, without_trials

ASKED = Confinement((1,), 512_000_000, 4096)
FREE = Confinement((0, 1))


def suite(claims: bool = True) -> Suite:
    return make_suite(
        {"gunicorn": 3000.0, "waitress": 3100.0}, rounds=2, blocks=8, open_rate=None, claims=claims
    )


def confined(made: Suite, read: Confinement | None, who: Sequence[str] = ("gunicorn.shortly",)) -> Suite:
    """With this read of some servers, and of all others what was asked for."""
    names = [deployment.name for deployment in made.plan.deployments]
    found = [Confined("server", name, 1, ASKED, read if name in who else ASKED) for name in names]
    others = [
        Confined("generator", "", 1, replace(ASKED, cpus=(0,)), replace(ASKED, cpus=(0,))),
        Confined("store", "", 1, replace(ASKED, cpus=(0,)), replace(ASKED, cpus=(0,))),
    ]
    return replace(made, confined=(*found, *others))


def findings(made: Suite, server: str) -> list[Finding]:
    verdicts = analyse(made).verdicts
    return [
        finding for case in made.plan.cases if case.server == server for finding in verdicts[case.id].findings
    ]


def codes(made: Suite, server: str) -> list[str]:
    return [finding.code for finding in findings(made, server)]


def section(made: Suite, name: str) -> str:
    (found,) = (one for one in page(made, analyse(made)).sections if one.id == name)
    rows = [" | ".join(row.cells) for table in found.tables for row in table.rows]
    return "\n".join([*found.paragraphs, *found.points, *rows])


def test_a_server_that_is_not_where_it_was_put_is_not_valid() -> None:
    made = confined(suite(), replace(ASKED, cpus=(0, 1)))

    assert codes(made, "gunicorn") == ["not-pinned"]
    assert "CPUs 0, 1, not on CPU 1 alone" in findings(made, "gunicorn")[0].text
    assert codes(made, "waitress") == []
    assert exit_code(findings_of(made, analyse(made))) == EXIT_NOT_VALID
    assert "0, 1 (asked for: 1) / 0 / 0" in section(made, "environment")


def test_a_generator_that_is_not_where_it_was_put_spoils_every_case() -> None:
    made = confined(suite(), ASKED)
    loose = Confined("generator", "", 2, replace(ASKED, cpus=(0,)), FREE)
    made = replace(made, confined=(*made.confined, loose))

    assert codes(made, "gunicorn") == ["not-pinned"]
    assert "the load generator may run on CPUs 0, 1" in findings(made, "waitress")[0].text


def test_fewer_cpus_than_asked_for_are_no_finding() -> None:
    made = confined(suite(), ASKED)
    wide = tuple(replace(one, asked=replace(one.asked, cpus=(0, 1, 2))) for one in made.confined)

    assert codes(replace(made, confined=wide), "gunicorn") == []


def test_limits_that_do_not_hold_are_said_and_leave_the_verdict() -> None:
    made = confined(suite(), Confinement((1,), None, 100_000, 0.5))
    said = section(made, "validity")

    assert codes(made, "gunicorn") == []
    assert "The memory limit of 512 MB doesn't hold for gunicorn: no limit." in said
    assert "The limit of 4,096 processes and threads doesn't hold for gunicorn: 100,000." in said
    assert "The CPU time of gunicorn is cut off at 0.500 CPUs" in said
    assert "no limit / 512 MB" not in section(confined(suite(), ASKED), "environment")


def test_what_could_not_be_read_is_not_called_held() -> None:
    made = confined(suite(), None, ("gunicorn.shortly", "waitress.shortly"))

    assert "What gunicorn and waitress may use isn't known" in section(made, "validity")
    assert "not known / 0 / 0" in section(made, "environment")
    over = replace(made, failures=(Failure("gunicorn.shortly", 1, "trial", "it ended", ()),))
    assert "What waitress may use isn't known" in section(over, "validity")


def test_smoke_says_it_without_a_verdict() -> None:
    made = restarted(confined(suite(claims=False), FREE), 2)
    said = section(made, "validity")

    assert "gunicorn may run on CPUs 0, 1, not on CPU 1 alone" in said
    assert "gunicorn.shortly: 4 of its processes ended while it was measured." in said
    assert exit_code(findings_of(made, analyse(made))) == 0


def test_a_result_of_before_says_that_nothing_was_read() -> None:
    assert "1 / 0 / 0 (as asked for; not read)" in section(suite(), "environment")


def restarted(made: Suite, times: int | None, oom_kills: int | None = None) -> Suite:
    """With as many restarts of gunicorn in each round, and none of the others."""

    def record(one: DeploymentRecord) -> DeploymentRecord:
        mine = one.deployment == "gunicorn.shortly"
        return replace(one, restarts=times if mine else 0, oom_kills=oom_kills if mine else None)

    return replace(made, deployments=tuple(map(record, made.deployments)))


def recycling(made: Suite, *words: str) -> Suite:
    deployments = tuple(
        replace(one, server=replace(one.server, command=(*one.server.command, *words)))
        for one in made.plan.deployments
    )
    return replace(made, plan=replace(made.plan, deployments=deployments))


def test_a_worker_that_comes_back_makes_its_case_not_valid_and_has_a_column() -> None:
    made = restarted(suite(), 7)

    assert codes(made, "gunicorn") == ["restarted"]
    assert "14 of its processes ended" in findings(made, "gunicorn")[0].text
    assert "in 2 of 2 rounds" in findings(made, "gunicorn")[0].text
    assert codes(made, "waitress") == []
    assert exit_code(findings_of(made, analyse(made))) == EXIT_NOT_VALID
    shown = {case.server: analyse(made).summaries[case.id].restarts for case in made.plan.cases}
    assert shown == {"gunicorn": 14, "waitress": 0}
    (table,) = (one for s in page(made, analyse(made)).sections if s.id == "results" for one in s.tables)
    (column,) = (number for number, one in enumerate(table.columns) if one.label == "Restarts")
    assert not table.columns[column].wide
    assert {row.cells[1]: row.cells[column] for row in table.rows} == {"gunicorn": "14", "waitress": "0"}
    assert csv(made, analyse(made)).splitlines()[0].endswith(",restarts")


def test_what_its_own_settings_ask_for_is_counted_and_said() -> None:
    made = recycling(restarted(suite(), 7), "--max-requests", "500")

    assert codes(made, "gunicorn") == []
    assert "14 of its processes ended while it was measured, as its own settings ask for (max-requests)" in (
        section(made, "validity")
    )


def test_settings_excuse_no_lost_request_and_no_lack_of_memory() -> None:
    asked = recycling(restarted(suite(), 7), "--max-requests", "500")
    trials = (
        replace(t, ok=t.ok - 1, answers=t.answers - 1, failed=1, errors={"reset": 1})
        if t.case.startswith("gunicorn/") and (t.round, t.block) == (1, 0)
        else t
        for t in asked.trials
    )
    lost = replace(asked, trials=tuple(trials))
    killed = recycling(restarted(suite(), 7, oom_kills=1), "--max-requests", "500")

    assert codes(lost, "gunicorn") == ["restarted"]
    assert "killed 2 of its processes for want of memory" in findings(killed, "gunicorn")[0].text


def test_rounds_that_do_not_count_do_not_count_here() -> None:
    made = restarted(suite(), 1)
    made = replace(made, plan=replace(made.plan, counted_from=2))

    assert (
        "1 of its processes ended while it was measured (in 1 of 1 round)"
        in findings(made, "gunicorn")[0].text
    )


@pytest.mark.parametrize(
    ("words", "environment", "setting"),
    [
        (("gunicorn", "--max-requests", "500"), {}, "max-requests"),
        (("gunicorn", "--max-requests=500", "--max-requests-jitter=50"), {}, "max-requests"),
        (("gunicorn",), {"GUNICORN_CMD_ARGS": "--max-requests 100"}, "max-requests"),
        (("uwsgi", "--reload-on-rss", "100"), {}, "reload-on-rss"),
        (("uwsgi",), {"UWSGI_MAX_WORKER_LIFETIME": "30"}, "max-worker-lifetime"),
        (("granian", "--workers-lifetime", "60"), {}, "workers-lifetime"),
        (("gunicorn", "--max-requests", "0"), {}, ""),
        (("gunicorn", "--max-requests-jitter", "50"), {}, ""),
        (("gunicorn", "--threads", "4"), {"WORKERS": "1"}, ""),
    ],
)
def test_settings_that_ask_for_new_workers(
    words: tuple[str, ...], environment: dict[str, str], setting: str
) -> None:
    server: Server = replace(suite().plan.deployments[0].server, command=words, environment=environment)
    assert recycles(server) == setting


def test_of_targets_nothing_is_claimed() -> None:
    made = suite(claims=False)
    mine = Confined("generator", "", 1, Confinement((0,)), Confinement((0,)))
    made = replace(made, plan=replace(made.plan, runtime="external"), confined=(mine,))

    assert page(made, analyse(made)).title == "2 HTTP servers that run already"
    assert "CPUs of server / generator / Redis | not known / 0 / \N{EN DASH}" in section(made, "environment")
    two = replace(HEALTHY, split=made.environment.cpu_split)
    assert any(note.startswith("cpus:") for note in notes(two))
    assert not any(note.startswith("cpus:") for note in notes(two, runtime="external"))


def test_it_is_stored_and_read_again(tmp_path: Path) -> None:
    made = restarted(confined(suite(), FREE), 3, oom_kills=0)
    with Writer.create(tmp_path / "run", without_trials(replace(made, confined=())), analyse) as writer:
        writer.append(trials=made.trials, deployments=made.deployments, confined=made.confined)
        assert load(tmp_path / "run").confined == made.confined
        writer.finish(complete=True, finished=made.finished)

    assert load(tmp_path / "run") == made


def test_before_whom_they_came_is_said_as_it_was_read() -> None:
    first, last = replace(ASKED, weight=3.05), replace(ASKED, weight=1.0)
    made = confined(suite(), ASKED)
    assert "Priority" not in section(made, "environment")
    asked = tuple(replace(one, asked=first, read=first) for one in made.confined)
    here = replace(asked[2], asked=replace(first, realtime=True), read=replace(first, realtime=True))
    made = replace(made, confined=(asked[0], asked[1], here, asked[3]))
    row = "Priority of server / generator / Redis | "
    assert f"{row}3.05 x / real time / 3.05 x" in section(made, "environment")
    denied = replace(asked[0], read=last), *asked[1:3], replace(asked[3], read=None)
    made = replace(made, confined=denied)
    assert f"{row}1.00 to 3.05 x / 3.05 x / not known" in section(made, "environment")
    denied = tuple(replace(one, read=last) for one in asked)
    others = "as others (more was asked for)"
    assert f"{row}{others} / {others} / {others}" in section(replace(made, confined=denied), "environment")
    assert codes(made, "gunicorn") == []


def seen(made: Suite, workers: int, threads: int = 6, told: int | None = 1) -> Suite:
    """With so many workers of gunicorn seen in the first round."""
    deployments = tuple(
        replace(one, server=replace(one.server, workers=told, threads=told and 4))
        if one.name == "gunicorn.shortly"
        else one
        for one in made.plan.deployments
    )
    record = DeploymentRecord("gunicorn.shortly", 1, 0.5, None, None, workers=workers, threads=threads)
    return replace(made, plan=replace(made.plan, deployments=deployments), deployments=(record,))


def whole(made: Suite) -> str:
    return "\n".join(section(made, one.id) for one in page(made, analyse(made)).sections)


def test_more_workers_than_cpus_and_others_than_were_told_are_said() -> None:
    few, many = whole(seen(confined(suite(), ASKED), 1)), whole(seen(confined(suite(), ASKED), 8, told=2))

    assert "take turns" not in few
    assert "was to have" not in few
    assert "gunicorn.shortly has 8 workers on 1 CPU: they take turns" in many
    assert "gunicorn.shortly was to have 2 workers, but 8 served." in many


def test_workers_that_nobody_told_are_shown_as_they_were_seen() -> None:
    assert "3 x 6 seen" in whole(seen(suite(), 3, told=None))


def held_back(made: Suite, seconds: float) -> Suite:
    """With gunicorn held back for so long in each round."""
    records = (
        replace(one, throttled_s=seconds if one.deployment == "gunicorn.shortly" else 0.0)
        for one in made.deployments
    )
    return replace(made, deployments=tuple(records))


def test_a_quota_that_nobody_asked_for_makes_its_case_not_valid() -> None:
    made = held_back(suite(), 2.0)

    assert codes(made, "gunicorn") == ["throttled"]
    assert codes(made, "waitress") == []
    assert codes(held_back(suite(), 0.0001), "gunicorn") == []


def test_a_quota_that_was_asked_for_is_said_and_is_what_is_measured() -> None:
    made = held_back(suite(), 2.0)
    made = replace(made, plan=replace(made.plan, limits=Limits(cpus=0.5)))

    assert codes(made, "gunicorn") == []
    assert "gunicorn.shortly was held back by --cpus 0.5 for" in section(made, "validity")


def test_what_was_killed_for_want_of_memory_has_a_verdict_of_its_own() -> None:
    made = restarted(suite(), 7, oom_kills=1)

    assert codes(made, "gunicorn") == ["out-of-memory"]
    assert "raise its limit (--memory)" in findings(made, "gunicorn")[0].text


def test_what_is_special_about_the_split_stands_with_the_machine() -> None:
    said = "CPU 6 is nobody's, as the other thread of a core of the server's."
    made = suite()
    split = replace(made.environment.cpu_split, notes=(said,))
    made = replace(made, environment=replace(made.environment, cpu_split=split))
    assert said in section(made, "environment")
    assert said not in section(replace(made, plan=replace(made.plan, runtime="external")), "environment")
