"""`wsgi-bench run --against`: two versions of a checkout, deployed for real and measured side by side."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from bench.deploy.engine import Engine, find_engine
from bench.store import JOURNAL, RESULT, load
from tests.cli.conftest import ROOT, Said, environment, wsgi_bench

TIMEOUT_S = 1200
COPIED = ("bench", "apps", "servers", "docker-compose.yml", "requirements.lock")
APP = "apps/hello/wsgi.py"
# Of every request, so that the servers and not the generator are what is measured.
USUAL_S, GROSS_S = 0.004, 0.08
SHORT = ("--app", "hello", "--rounds", "3", "--blocks", "4", "--users", "4", "--rate", "20", "--seed", "5")

Git = Callable[..., str]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def takes(checkout: Path, seconds: float) -> None:
    """Let the application take so long for each request."""
    original = (ROOT / APP).read_text()
    start = "    start_response("
    assert original.count(start) == 1
    slow = original.replace(start, f"    __import__('time').sleep({seconds})\n{start}")
    (checkout / APP).write_text(slow)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git checkout of what is tested, with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root)
    takes(root, USUAL_S)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "as it was")
    return root


def against(root: Path, out: Path, *arguments: str | Path, runtime: str = "local") -> Said:
    """A short run of both versions; a machine that stands still for minutes is no failure."""
    return wsgi_bench(
        "run", "--runtime", runtime, *SHORT, "--out", out, *arguments, cwd=root, timeout_s=TIMEOUT_S
    )


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of its own for all that is run."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def left(scratch: Path) -> list[str]:
    """Old versions that are still there."""
    return [path.name for path in scratch.glob("wsgi-bench-old-*")]


def test_a_version_that_is_grossly_slower_ends_in_five(
    repository: Path, tmp_path: Path, scratch: Path
) -> None:
    takes(repository, GROSS_S)

    said = against(
        repository, tmp_path / "out", "--servers", "waitress", "--against", "main",
        "--fail-if", "throughput < -50%", "--fail-if", "waitress/hello: p50 > +100%",
    )  # fmt: skip

    assert said.code == 5, said.err
    assert "WHAT CHANGED" in said.out
    assert (
        "wsgi-bench: Limit 'throughput < -50%' exceeded: throughput of waitress (hello, hello, " in said.err
    )
    suite = load(tmp_path / "out")
    assert suite.plan.against is not None
    assert suite.plan.against.commit == git(repository, "rev-parse", "main")
    assert {case.server for case in suite.plan.cases} == {"waitress", "waitress-twin", "waitress-old"}
    assert {trial.case.partition("/")[0] for trial in suite.trials} == {
        case.server for case in suite.plan.cases
    }
    assert left(scratch) == []
    assert git(repository, "worktree", "list").count("\n") == 0
    assert git(repository, "status", "--porcelain", "--untracked-files=no") == f"M {APP}"

    junit = wsgi_bench("report", tmp_path / "out", "--format", "junit", cwd=repository).out
    assert 'classname="limits"' in junit


def test_identical_versions_are_not_called_different(repository: Path, tmp_path: Path) -> None:
    """A false claim is allowed in one of twenty runs, so not twice in a row."""
    other = tmp_path / "other"
    shutil.copytree(repository, other)
    claims = []
    for attempt in range(2):
        said = against(
            repository, tmp_path / f"out-{attempt}", "--servers", "gunicorn,waitress", "--against", other,
            "--rate", "100", "--fail-if", "throughput < -30%", "--json",
        )  # fmt: skip
        changes = said.json["changes"]
        valid = all(case["verdict"]["valid"] for case in said.json["cases"])
        # A machine on which another program runs makes a case invalid at times, which ends with 4.
        assert said.code == (0 if valid else 4), said.err
        assert {change["figure"] for change in changes} >= {"memory", "start"}
        claims = [change for change in changes if change["verdict"] != "no detectable difference"]
        if not claims:
            return
    pytest.fail(str(claims))


def test_a_server_that_is_new_is_measured_and_not_compared(repository: Path, tmp_path: Path) -> None:
    compose = (repository / "docker-compose.yml").read_text()
    older = tmp_path / "older"
    shutil.copytree(repository, older)
    (older / "docker-compose.yml").write_text(compose.replace("\n  waitress:\n", "\n  waitress-of-old:\n"))

    said = against(
        repository, tmp_path / "out", "--servers", "gunicorn,waitress", "--against", older, "--json"
    )

    assert said.code in (0, 4), said.err
    assert "not compared: waitress, which OLD doesn't have" in said.err
    assert {c["subject"]["server"] for c in said.json["changes"]} == {"gunicorn"}
    assert {c["subject"]["server"]: c["reason"] for c in said.json["not_compared"]}[
        "waitress"
    ] == "not in OLD"
    assert "waitress" in said.json["cases"][1]["server"]


def stopped_midway(root: Path, out: Path) -> tuple[int, str]:
    """Run until a few blocks are saved, then interrupt it; every process that it had started is gone."""
    arguments = ["--servers", "waitress", "--against", "main", "--fail-if", "throughput < -50%"]
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "--runtime", "local", *SHORT, "--out", str(out), *arguments],
        cwd=root, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        journal = out / JOURNAL
        deadline = time.monotonic() + TIMEOUT_S
        while not journal.exists() or journal.read_bytes().count(b'"trials"') < 3:
            assert child.poll() is None, child.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        started = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=TIMEOUT_S)[1]
    _, alive = psutil.wait_procs(started, timeout=60)
    assert not alive
    return child.returncode, said


def test_an_interrupted_run_leaves_nothing_and_goes_on_with_the_same_commit(
    repository: Path, tmp_path: Path, scratch: Path
) -> None:
    takes(repository, GROSS_S)
    out = tmp_path / "out"
    old = git(repository, "rev-parse", "main")

    code, said = stopped_midway(repository, out)

    assert code == 130, said
    assert "Traceback" not in said
    assert left(scratch) == []
    assert git(repository, "worktree", "list").count("\n") == 0

    # The branch moves on, the run doesn't.
    git(repository, "commit", "--quiet", "--all", "--message", "slower")
    resumed = wsgi_bench("resume", out, cwd=repository, timeout_s=TIMEOUT_S)

    suite = load(out)
    assert resumed.code == 5, resumed.err
    assert suite.complete
    assert suite.plan.against is not None
    assert suite.plan.against.commit == old != git(repository, "rev-parse", "main")
    assert left(scratch) == []


def test_a_dry_run_says_what_would_be_compared(repository: Path) -> None:
    said = wsgi_bench(
        "run", "--runtime", "local", *SHORT, "--servers", "waitress", "--against", "main",
        "--fail-if", "cpu > 5%", "--dry-run", cwd=repository,
    )  # fmt: skip

    assert said.code == 0
    assert f"against main (commit {git(repository, 'rev-parse', 'main')[:12]})" in said.out
    assert "fails if cpu > 5%" in said.out
    assert "waitress-old/hello/hello/closed-4" in said.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--against", "nope"), ["no such commit, branch or tag"]),
        (("--against", "apps"), ["has no docker-compose.yml"]),
        (("--fail-if", "cpu > 5%"), ["name that with --against"]),
        (
            (
                "--against",
                "main",
                "--profile",
                "smoke",
                "--fail-if",
                "cpu > x",
                "--fail-if",
                "uwsgi: cpu > 5%",
            ),
            ["smoke profile claims nothing", "'cpu > x' can't be read", "no 'uwsgi' to compare"],
        ),
        (
            ("--against", "main", "--target", "a=http://127.0.0.1:1"),
            ["--servers and --target exclude", "--against and --target exclude"],
        ),
    ],
)
def test_what_is_wrong_is_named_at_once_and_nothing_is_started(
    repository: Path, tmp_path: Path, scratch: Path, arguments: Sequence[str], expected: Sequence[str]
) -> None:
    said = wsgi_bench(
        "run", "--runtime", "local", "--servers", "waitress", "--scenarios", "hello",
        "--out", tmp_path / "out", *arguments, cwd=repository,
    )  # fmt: skip

    assert said.code == 2, said.err
    assert [words in line for words, line in zip(expected, said.err.splitlines(), strict=True)]
    for words in expected:
        assert words in said.err
    assert not (tmp_path / "out").exists()
    assert left(scratch) == []


def test_an_old_version_without_anything_to_compare_is_refused(repository: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(repository, older)
    shutil.rmtree(older / "apps/hello")
    compose = (older / "docker-compose.yml").read_text()
    (older / "docker-compose.yml").write_text(compose.replace("\n  waitress:\n", "\n  waitress-of-old:\n"))
    lock = (older / "requirements.lock").read_text()
    assert "\nwaitress==" in lock
    (older / "requirements.lock").write_text(lock.replace("\nwaitress==", "\nwaitress==0."))

    said = wsgi_bench(
        "run",
        "--runtime",
        "local",
        "--app",
        "hello",
        "--servers",
        "waitress",
        "--against",
        older,
        cwd=repository,
    )

    assert said.code == 2
    for words in (
        "it has none of the servers waitress",
        "it has no application apps.hello.wsgi:application",
        "the packages differ (waitress 0.",
    ):
        assert words in said.err
    assert len(said.err.splitlines()) == 3


def test_a_module_that_the_old_version_lacks_is_its_failure(repository: Path, tmp_path: Path) -> None:
    """`servers/` of this checkout must not complete the one of the old version."""
    older = tmp_path / "older"
    shutil.copytree(repository, older)
    (older / "servers/waitress/serve.py").unlink()

    said = against(repository, tmp_path / "out", "--servers", "waitress", "--against", older)

    assert said.code == 3
    assert "No module named servers.waitress.serve" in said.out
    assert {failure.deployment for failure in load(tmp_path / "out").failures} == {"waitress-old.hello"}


def images(engine: Engine) -> set[str]:
    """Old versions' images that are there."""
    wanted = ["--filter", "reference=wsgi-bench/*:old-*"]
    listed = engine.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", *wanted)
    return set(listed.split())


@pytest.mark.slow
@pytest.mark.containers
def test_containers_have_the_images_of_both_versions(repository: Path, tmp_path: Path) -> None:
    engine = find_engine()
    before = images(engine)
    takes(repository, GROSS_S)

    said = against(
        repository, tmp_path / "out", "--servers", "waitress", "--against", "main",
        "--fail-if", "throughput < -50%", runtime="compose",
    )  # fmt: skip

    assert said.code == 5, said.err
    found = load(tmp_path / "out").environment.images
    (old,) = (name for name in found if name.startswith("wsgi-bench/waitress:old-"))
    assert found[old] != found["wsgi-bench/waitress"]
    assert (tmp_path / "out" / RESULT).exists()
    assert images(engine) <= before
