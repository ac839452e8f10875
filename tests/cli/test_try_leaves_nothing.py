"""A run of somebody's own application that is stopped leaves nothing, and one that ends no secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import RATE, ROOT, environment, wsgi_bench
from tests.cli.test_try_refusals import RIGHT
from tests.patience import HANGS_S

SMOKE = ("--profile", "smoke", "--rate", RATE, "--blocks", "1", "--python", sys.executable)
# It says that it was reached, and stays there.
MARK = "from pathlib import Path\nPath('reached').touch()\nimport time\ntime.sleep(60)\n"


@pytest.mark.parametrize(
    ("text", "arguments", "sign"),
    [
        (MARK + RIGHT, (), signal.SIGINT),
        (RIGHT, ("--copy", "x.db", "--setup", "echo z > x.db; touch reached; sleep 60"), signal.SIGTERM),
        (RIGHT, ("--copy", "x.db", "--reset", "echo z > x.db; touch reached; sleep 60"), signal.SIGHUP),
    ],
    ids=["preflight", "setup", "reset"],
)  # fmt: skip
def test_a_stop_leaves_nothing(
    tmp_path: Path, text: str, arguments: tuple[str, ...], sign: signal.Signals
) -> None:
    project, scratch = tmp_path / "shop", tmp_path / "scratch"
    project.mkdir()
    scratch.mkdir()
    (project / "app.py").write_text(text)
    (project / "x.db").write_text("x")
    child = subprocess.Popen(
        [sys.executable, "-m", "wsgi_bench", "try", *SMOKE, "--servers", "waitress", *arguments],
        cwd=project,
        env=environment(TMPDIR=str(scratch), STOPPED_IN=str(project), PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may have it ignored, as nohup does.
        preexec_fn=lambda: signal.signal(sign, signal.SIG_DFL),
    )
    until = time.monotonic() + HANGS_S
    while not (project / "reached").exists() and child.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    child.send_signal(sign)
    _, err = child.communicate(timeout=HANGS_S)

    assert child.returncode == 130, err
    assert err.endswith(f"wsgi-bench: stopped by {sign.name}\n")
    assert left_of(project) == []
    assert list(scratch.iterdir()) == []
    assert (project / "x.db").read_text() == "x"
    assert {file.name for file in project.iterdir()} <= {"app.py", "x.db", "reached"}


def left_of(project: Path) -> list[str]:
    left = []
    for each in psutil.process_iter():
        try:
            if each.environ().get("STOPPED_IN") == str(project) and each.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(each.cmdline()))
        except (psutil.Error, OSError):
            continue
    return left


def test_secrets_are_in_no_result_and_what_is_detached_ends(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(f"""
import os, subprocess, sys
subprocess.Popen(["sleep", "600"], start_new_session=True)
asked = 0
{RIGHT}
def app(environ, start_response):
    global asked
    asked += 1
    if asked > 150:
        print(os.environ["KEY"], os.environ["OWN"], environ["HTTP_X_TOKEN"], file=sys.stderr, flush=True)
        os._exit(5)
    return application(environ, start_response)
""")
    words = ("--env", "KEY=s3cret-flag", "--header", "X-Token: s3cret-header", "--servers", "waitress")

    ended = wsgi_bench(
        "try", "shop:app", *SMOKE, *words, "--out", "out", cwd=tmp_path,
        env=environment(OWN="s3cret-shell", STOPPED_IN=str(tmp_path), PYTHONPATH=str(ROOT)),
    )  # fmt: skip

    assert ended.code == 3, ended.err
    assert (
        "waitress.shop failed: the server ended under load: it ended by itself with exit code 5" in ended.err
    )
    assert "$KEY $OWN ***" in ended.err
    assert "s3cret" not in ended.err + ended.out
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    with_secrets = {file.name for file in files if b"s3cret" in file.read_bytes()}
    # Its own log is as the server wrote it.
    assert with_secrets == {"waitress.shop.log"}
    assert left_of(tmp_path) == []
    assert os.path.lexists(tmp_path / "out" / "report.html")
