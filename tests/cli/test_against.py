"""`wsgi-bench run --against`: two versions of a checkout, deployed for real and measured side by side."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.deploy.engine import Engine, find_engine
from bench.model.errors import EXIT_REGRESSION
from bench.store import JOURNAL, RESULT, load
from tests.cli.conftest import RATE, ROOT, Here, Said, environment, wsgi_bench
from tests.patience import HANGS_S

TIMEOUT_S = 1200
COPIED = ("bench", "apps", "servers", "docker-compose.yml", "requirements.lock")
APP = "apps/hello/wsgi.py"
# What the gates below decide by: the memory of a server is the same on a quiet machine and on a busy one.
MORE_BYTES = 150_000_000
GATE = ("--fail-if", "memory > +100%")
SHORT = ("--app", "hello", "--rounds", "2", "--blocks", "1", "--users", "4", "--rate", RATE, "--seed", "5")

Git = Callable[..., str]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def grows(checkout: Path) -> None:
    """Let the application hold so much memory."""
    (checkout / APP).write_text(f"{(ROOT / APP).read_text()}\n_HELD = b'x' * {MORE_BYTES}\n")


def without_waitress(checkout: Path) -> None:
    """Let the compose file name another server in its place."""
    file = checkout / "docker-compose.yml"
    compose = file.read_text()
    assert compose.count("\n  waitress:\n") == 1
    file.write_text(compose.replace("\n  waitress:\n", "\n  waitress-of-old:\n"))


def committed(root: Path, *changes: Callable[[Path], None]) -> Path:
    """A git checkout of what is tested, with one commit."""
    root.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root)
    for change in changes:
        change(root)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "as it was")
    return root


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return committed(tmp_path / "repository")


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


@dataclass(frozen=True)
class Compared:
    """A run that several tests look at: the old version lacks waitress, the new one has grown."""

    repository: Path
    out: Path
    said: Said
    left: list[str]

    @property
    def document(self) -> Any:
        return json.loads((self.out / RESULT).read_text())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("compared")
    root, out, scratch = (
        committed(folder / "repository", without_waitress),
        folder / "out",
        folder / "scratch",
    )
    shutil.copy(ROOT / "docker-compose.yml", root)
    grows(root)
    scratch.mkdir()
    said = wsgi_bench(
        "run", "--runtime", "local", *SHORT, "--servers", "gunicorn,waitress", "--against", "main", *GATE,
        "--out", out, cwd=root, env=environment(TMPDIR=str(scratch)), timeout_s=TIMEOUT_S,
    )  # fmt: skip
    return Compared(root, out, said, left(scratch))


@pytest.mark.slow
def test_a_version_that_needs_grossly_more_ends_in_five(compared: Compared) -> None:
    assert compared.said.code == EXIT_REGRESSION, compared.said.err
    assert "WHAT CHANGED" in compared.said.out
    assert "wsgi-bench: Limit 'memory > +100%' exceeded: memory of gunicorn (hello" in compared.said.err
    junit = wsgi_bench("report", compared.out, "--format", "junit", cwd=compared.repository).out
    assert 'classname="limits"' in junit


@pytest.mark.slow
def test_both_versions_are_measured_and_nothing_is_left(compared: Compared) -> None:
    repository, suite = compared.repository, load(compared.out)
    assert suite.plan.against is not None
    assert suite.plan.against.commit == git(repository, "rev-parse", "main")
    wanted = {"gunicorn", "gunicorn-twin", "gunicorn-old", "waitress"}
    assert {case.server for case in suite.plan.cases} == wanted
    assert {trial.case.partition("/")[0] for trial in suite.trials} == wanted
    assert compared.left == []
    assert git(repository, "worktree", "list").count("\n") == 0
    changed = git(repository, "status", "--porcelain", "--untracked-files=no").splitlines()
    assert [line.split()[1] for line in changed] == [APP, "docker-compose.yml"]


@pytest.mark.slow
def test_a_server_that_is_new_is_measured_and_not_compared(compared: Compared) -> None:
    assert "not compared: waitress, which OLD doesn't have" in compared.said.err
    changes = compared.document["changes"]
    assert {change["subject"]["server"] for change in changes} == {"gunicorn"}
    assert {change["figure"] for change in changes} >= {"memory", "start"}
    missing = {one["subject"]["server"]: one["reason"] for one in compared.document["not_compared"]}
    assert missing["waitress"] == "not in OLD"


def stopped_midway(root: Path, out: Path) -> tuple[int, str]:
    """Run until a trial is saved, then interrupt it; every process that it had started is gone."""
    arguments = ["--servers", "waitress", "--against", "main", *GATE]
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "--runtime", "local", *SHORT, "--out", str(out), *arguments],
        cwd=root, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        journal = out / JOURNAL
        deadline = time.monotonic() + TIMEOUT_S
        while not journal.exists() or b'"trials"' not in journal.read_bytes():
            assert child.poll() is None, child.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        started = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=TIMEOUT_S)[1]
    _, alive = psutil.wait_procs(started, timeout=HANGS_S)
    assert not alive
    return child.returncode, said


def test_an_interrupted_run_leaves_nothing_and_goes_on_with_the_same_commit(
    repository: Path, tmp_path: Path, scratch: Path
) -> None:
    grows(repository)
    out = tmp_path / "out"
    old = git(repository, "rev-parse", "main")

    code, said = stopped_midway(repository, out)

    assert code == 130, said
    assert said.splitlines()[-1] == (
        f"wsgi-bench: stopped by SIGTERM. What was measured is saved; "
        f"`wsgi-bench resume {out} --against {old}` continues it."
    )
    assert "Traceback" not in said
    assert left(scratch) == []
    assert git(repository, "worktree", "list").count("\n") == 0

    # The branch moves on, the run doesn't.
    git(repository, "commit", "--quiet", "--all", "--message", "larger")
    resumed = wsgi_bench("resume", out, "--against", old, cwd=repository, timeout_s=TIMEOUT_S)

    suite = load(out)
    assert resumed.code == EXIT_REGRESSION, resumed.err
    assert suite.complete
    assert suite.plan.against is not None
    assert suite.plan.against.commit == old != git(repository, "rev-parse", "main")
    assert left(scratch) == []


def test_a_dry_run_says_what_would_be_compared(here: Here, repository: Path) -> None:
    said = here(
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
    here: Here,
    repository: Path,
    tmp_path: Path,
    scratch: Path,
    arguments: Sequence[str],
    expected: Sequence[str],
) -> None:
    said = here(
        "run", "--runtime", "local", "--servers", "waitress", "--scenarios", "hello",
        "--out", tmp_path / "out", *arguments, cwd=repository,
    )  # fmt: skip

    assert said.code == 2, said.err
    assert [words in line for words, line in zip(expected, said.err.splitlines(), strict=True)]
    for words in expected:
        assert words in said.err
    assert not (tmp_path / "out").exists()
    assert left(scratch) == []


def test_an_old_version_without_anything_to_compare_is_refused(
    here: Here, repository: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    shutil.copytree(repository, older)
    shutil.rmtree(older / "apps/hello")
    without_waitress(older)
    lock = (older / "requirements.lock").read_text()
    assert "\nwaitress==" in lock
    (older / "requirements.lock").write_text(lock.replace("\nwaitress==", "\nwaitress==0."))

    said = here(
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


@pytest.mark.slow
def test_a_module_that_the_old_version_lacks_is_its_failure(repository: Path, tmp_path: Path) -> None:
    """`servers/` of this checkout must not complete the one of the old version."""
    older = tmp_path / "older"
    shutil.copytree(repository, older)
    (older / "servers/waitress/serve.py").unlink()

    said = against(repository, tmp_path / "out", "--servers", "waitress", "--rounds", "1", "--against", older)

    assert said.code == 3
    assert "servers/waitress/serve.py" in said.out
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
    grows(repository)

    said = against(
        repository, tmp_path / "out", "--servers", "waitress", "--against", "main", *GATE, runtime="compose"
    )

    assert said.code == EXIT_REGRESSION, said.err
    found = load(tmp_path / "out").environment.images
    assert found["waitress (old)"] != found["waitress"]
    assert (tmp_path / "out" / RESULT).exists()
    # Those of other runs, which may be there now, go when these end.
    ends_s = time.monotonic() + HANGS_S
    while not images(engine) <= before:
        assert time.monotonic() < ends_s
        time.sleep(0.5)
