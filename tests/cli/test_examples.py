"""What the documents print for a server that runs already works for one that isn't ours."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.store import load
from tests.cli.conftest import ROOT, environment, wsgi_bench

DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
EXAMPLES = sorted(
    {
        line.strip()
        for document in DOCUMENTS
        for line in document.read_text(encoding="utf-8").splitlines()
        # The pages of a --url are somebody's.
        if line.strip().startswith("wsgi-bench run") and "--target" in line and "--url" not in line
    }
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Python's own file server, with a folder of somebody's."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>A site</title><p>It isn't ours.</p>\n")
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with child:
        try:
            assert child.stdout is not None
            port = re.search(r"port (\d+)", child.stdout.readline())
            assert port is not None
            yield f"http://127.0.0.1:{port[1]}"
        finally:
            child.kill()


def test_readme_has_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_measures_a_server_that_is_not_ours(line: str, theirs: str, tmp_path: Path) -> None:
    words = [re.sub(r"http://[\w.:-]+", theirs, word) for word in shlex.split(line, comments=True)[1:]]
    out = tmp_path / "out"

    said = wsgi_bench(
        *words, "--profile", "smoke", "--blocks", "1", "--users", "2", "--rate", "20", "--out", out
    )

    assert said.code == 0, said.err
    suite = load(out)
    assert not suite.failures
    assert {trial.case for trial in suite.trials if trial.ok} == {case.id for case in suite.plan.cases}
    assert not any(trial.errors for trial in suite.trials)
