"""What a run says of servers and targets: their number in words, where a target is, what could be saved."""

from __future__ import annotations

import errno
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.live.progress import Reporter
from bench.live.watch import Watch
from bench.model import Deployment, Failure, Plan, Suite
from bench.model.errors import MachineError
from bench.report import FORMATS
from bench.store.files import machine_errors
from tests.make_suite import make_suite

URL = "http://127.0.0.1:8080"


def suite_of(*names: str, failures: tuple[Failure, ...] = ()) -> Suite:
    return make_suite(dict.fromkeys(names, 1.0), rounds=1, blocks=1, histograms=False, failures=failures)


def external(plan: Plan) -> Plan:
    def at_url(deployment: Deployment) -> Deployment:
        return replace(deployment, server=replace(deployment.server, environment={"URL": URL}))

    return replace(plan, runtime="external", deployments=tuple(map(at_url, plan.deployments)))


def said(plan: Plan, failures: tuple[Failure, ...], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the start of a round says, without its times."""
    with Reporter() as reporter:
        watch = Watch(plan, reporter, {1: [0]}, ())
        names = [deployment.name for deployment in watch.starting(1, plan.deployments)]
        failed = {failure.deployment for failure in failures}
        watch.failed(failures)
        watch.started([name for name in names if name not in failed], failures)
        watch.measuring(plan, [name for name in names if name not in failed])
    return [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()]


def test_servers_are_started_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(suite_of("a").plan, (), capsys) == [
        "round 1 of 1: starting 1 server", "round 1 of 1: measuring 1 server",
    ]  # fmt: skip
    assert said(suite_of("a", "b").plan, (), capsys) == [
        "round 1 of 1: starting 2 servers", "round 1 of 1: measuring 2 servers",
    ]  # fmt: skip


def test_targets_are_asked_and_a_failed_one_has_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    plan = external(suite_of("a", "b").plan)
    failure = Failure(plan.deployments[0].name, 1, "start", "connection refused")

    assert said(plan, (failure,), capsys) == [
        "round 1 of 1: asking 2 targets",
        f"{failure.deployment}, {URL}, failed: connection refused",
        "round 1 of 1: measuring 1 target",
    ]


def test_the_report_does_not_speak_of_what_a_target_printed() -> None:
    failure = Failure("a.shortly", 1, "start", "connection refused")
    suite = suite_of("a", failures=(failure,))
    target = replace(suite, plan=external(suite.plan))

    assert "(the server printed nothing)" in FORMATS["md"](suite, analyse(suite))
    asked = FORMATS["md"](target, analyse(target))
    assert f"(it was asked at {URL}; what it prints isn't read)" in asked
    assert "printed nothing" not in asked


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_run_that_could_not_be_saved_is_not_said_to_continue(tmp_path: Path, number: int) -> None:
    def refused() -> str:
        with pytest.raises(MachineError) as caught, machine_errors(tmp_path / "journal"):
            raise OSError(number, "refused")
        return str(caught.value)

    nothing = refused()
    (tmp_path / "result.json").touch()
    ended = refused()
    (tmp_path / "blocks.jsonl").touch()
    something = refused()

    assert nothing.startswith(f"Can't write {tmp_path / 'journal'}: refused. ")
    assert nothing.endswith("or choose another place with --out; nothing was saved.")
    assert "resume" not in nothing
    assert ended.endswith("with --out; what was saved before is intact.")
    # Whether a run goes on from it says whoever knows of the run.
    assert something.endswith("with --out; what was saved before is intact.")


@pytest.mark.parametrize("quiet", [False, True])
def test_a_name_of_another_host_can_do_nothing_to_the_terminal(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with Reporter(quiet=quiet) as reporter:
        reporter.notice("load generator \x1b[31mred takes part")
        reporter.problem("load generator \x1b[31mred was lost")
    said = capsys.readouterr().err
    assert "red was lost" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("error", [BrokenPipeError, OSError])
@pytest.mark.parametrize("quiet", [False, True])
def test_what_nobody_can_be_told_ends_no_run(
    error: type[OSError], quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader of a pipe has gone, or the disk of a log is full."""

    class Lost(StringIO):
        def write(self, _text: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stderr", Lost())
    with Reporter(quiet=quiet) as reporter:
        reporter.phase("one")
        reporter.problem("two")
        reporter.notice("three")
    print("four", file=sys.stderr)
    sys.stderr.close()
