"""Load to another machine wants the user's word, on the command line of each run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.catalogue.consent import FLAG
from bench.load.client import LoadDriver
from bench.model import Target, UsageSource
from bench.store import RESULT, Writer
from tests.cli.conftest import ROOT, Here
from tests.load.peers import peer, right
from tests.load.test_driver import CLOSED, OPEN, trial
from tests.make_suite import make_suite, without_trials

# Of a network that is set aside for documents: nobody is there. Nothing is sent to it anyhow.
BEYOND = "http://203.0.113.7:8000"
REFUSED = f"--target 'x={BEYOND}' is no loopback address of this machine"


def test_a_target_beyond_this_machine_is_refused(here: Here) -> None:
    said = here("run", "--dry-run", "--target", f"x={BEYOND}", "--target", "y=http://127.0.0.1:1")

    assert said.code == 2
    assert said.err.startswith(f"wsgi-bench: {REFUSED}")
    assert FLAG in said.err
    assert "y=http" not in said.err


def test_consent_on_the_command_line_lets_it_through(here: Here) -> None:
    said = here("run", "--dry-run", "--target", f"x={BEYOND}", FLAG)

    assert said.code == 0, said.err


@pytest.mark.parametrize("name", ["i_may_test_this_host", "i-may-test-this-host", "beyond"])
def test_neither_a_file_nor_a_variable_can_consent(here: Here, checkout: Path, name: str) -> None:
    (checkout / "bench.toml").write_text(f"target = ['x={BEYOND}']\n")
    variables = {f"WSGI_BENCH_{name.upper()}": "1", name.upper(): "1"}
    by_variable = here("run", "--dry-run", cwd=checkout, env=variables)
    (checkout / "bench.toml").write_text(f"target = ['x={BEYOND}']\n{name} = true\n")
    by_file = here("run", "--dry-run", cwd=checkout)

    for said in (by_variable, by_file):
        assert said.code == 2
        assert REFUSED in said.err
    assert f"there is no setting '{name}'" in by_file.err


def stored(directory: Path, url: str) -> None:
    """An interrupted run of a target, as a stranger may have written it."""
    suite = make_suite({"x": 3000.0}, rounds=1, blocks=2)
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.finish(complete=False, finished=None)
    document = json.loads((directory / RESULT).read_text())
    document["plan"]["runtime"] = "external"
    document["plan"]["given"] = {**document["plan"].get("given", {}), "beyond": True, "target": [f"x={url}"]}
    for deployment in document["plan"]["deployments"]:
        deployment["server"]["environment"]["URL"] = url
    (directory / RESULT).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (BEYOND, REFUSED),
        ("http://127.0.0.1@203.0.113.7:8000", "has a user"),
        ("http://127.0.0.1:99999", "has the port 99999"),
    ],
)
def test_what_a_stored_run_would_ask_wants_consent_again(
    here: Here, tmp_path: Path, url: str, problem: str
) -> None:
    stored(tmp_path / "out", url)

    said = here("resume", tmp_path / "out")

    assert said.code == 2
    assert problem in said.err


@pytest.mark.parametrize("client", ["loop", "fasthttp"])
def test_load_goes_to_the_address_that_was_checked(tmp_path: Path, client: str) -> None:
    """The name leads nowhere, as one may that led here when it was looked up."""
    command = (sys.executable, "-m", "bench.load.driver", "--client", client)
    with peer(right) as found, LoadDriver(command, os.environ, ROOT, (), tmp_path / "log") as driver:
        url = found.url.replace("127.0.0.1", "nowhere.invalid")
        driver.set_targets([Target("x", url, UsageSource("none"), addresses=("127.0.0.1",))], None)
        probed = driver.probe("x", "hello", None, 10.0)
        trials = list(driver.block([trial("x", CLOSED), trial("x", OPEN)]))

    assert probed.right, probed.detail
    assert all(one.ok and not one.failed for one in trials), [one.errors for one in trials]
