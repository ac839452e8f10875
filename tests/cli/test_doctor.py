"""`wsgi-bench doctor` on this machine: its exit code says whether a run would be spoiled."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

from tests.cli.conftest import ROOT, Here, environment, wsgi_bench
from tests.patience import HANGS_S

PLAIN = {"NO_COLOR": "", "FORCE_COLOR": "", "COLUMNS": "80"}


def test_json_is_a_list_of_findings_and_decides_the_exit_code() -> None:
    said = wsgi_bench("doctor", "--json")

    assert all(finding.keys() == {"name", "state", "found", "why", "fix"} for finding in said.json)
    states = {finding["state"] for finding in said.json}
    assert states <= {"ok", "warning", "problem", "unknown"}
    assert said.code == (4 if "problem" in states else 0)
    assert said.err == ""


def test_text_fits_80_columns_without_colour_in_a_pipe(here: Here) -> None:
    said = here("doctor", env=PLAIN)

    assert said.code in (0, 4)
    assert max(map(len, said.out.splitlines())) <= 80
    assert "\x1b" not in said.out
    assert " ok " in said.out


def test_colour_is_never_alone_and_no_color_is_honoured() -> None:
    coloured = wsgi_bench("doctor", env=environment(**PLAIN | {"FORCE_COLOR": "1", "TERM": "xterm"}))
    plain = wsgi_bench("doctor", env=environment(**PLAIN | {"FORCE_COLOR": "1", "NO_COLOR": "1"}))

    assert "\x1b[32m✓ ok" in coloured.out
    assert "\x1b[3" not in plain.out


def test_a_terminal_that_knows_only_ascii() -> None:
    said = wsgi_bench("doctor", env=environment(**PLAIN, PYTHONIOENCODING="ascii"))

    assert said.code in (0, 4)
    assert "+ ok" in said.out


def test_too_few_file_descriptors_would_spoil_a_run() -> None:
    """A real limit, set for this one process."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "doctor", "--json"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)),
    )

    assert ended.returncode == 4, ended.stderr
    (found,) = [finding for finding in json.loads(ended.stdout) if finding["name"] == "open-files"]
    assert (found["state"], found["found"]) == ("problem", "at most 200")
    assert "limits.conf" in found["fix"]
