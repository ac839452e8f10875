"""Who takes part in a master's trials: not those that are lost, nor those that are strangers."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.load.elsewhere.keys import keys_of
from bench.load.elsewhere.knock import Heard, knock
from bench.load.elsewhere.said import GONE, REFUSED
from proof.fleet import PORT, SECRET, generator, trial
from proof.hosts import Host
from proof.machine import ROOT
from tests.load.elsewhere.fleets import CLOSED, NAMES, Fleet, fleet_of

OTHER_SECRET = "another, of some length"


@pytest.fixture(scope="module")
def fleet(made: list[Host]) -> Iterator[Fleet]:
    with fleet_of(made, len(NAMES)) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def other_secret(fleet: Fleet) -> Iterator[subprocess.Popen[bytes]]:
    """A generator with another secret, which tries for as long as it does."""
    with generator(fleet.others[0], fleet.server, secret=OTHER_SECRET) as child:
        yield child


def cut(fleet: Fleet) -> None:
    fleet.others[1].cut()


def join(fleet: Fleet) -> None:
    fleet.others[1].join()


def stop(fleet: Fleet) -> None:
    fleet.generators["two"].send_signal(signal.SIGSTOP)


def go_on(fleet: Fleet) -> None:
    fleet.generators["two"].send_signal(signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.parametrize(("lose", "find"), [(cut, join), (stop, go_on)])
def test_one_that_is_lost_costs_its_trial_alone_and_comes_back(
    fleet: Fleet, lose: Callable[[Fleet], None], find: Callable[[Fleet], None]
) -> None:
    before = len(fleet.master.said)
    trials = fleet.master.trials([trial(CLOSED, 0.1), trial(CLOSED, 1.0, "spoilt"), trial(CLOSED, 0.1)])
    whole = next(trials)
    lose(fleet)
    again, after = trials
    [lost] = [event for event in fleet.master.said[before:] if event["state"] == "lost"]
    find(fleet)
    while not [event for event in fleet.master.said[before:] if event["state"] == "back"]:
        back = fleet.trial()

    assert [set(done.generators) for done in (whole, again, after, back)] == [
        set(NAMES),
        {"one", "three"},
        {"one", "three"},
        set(NAMES),
    ]
    assert lost["name"] == "two"
    assert lost["case"] == "spoilt"
    assert re.match(r"(was silent for|gave no answer in) \d+ s", lost["why"])
    assert all(done.ok > 0 and done.failed == 0 for done in (whole, again, after, back))


def test_one_with_other_code_is_refused_and_told_why(fleet: Fleet, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bench", tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "bench/load/link.py").open("a") as module:
        module.write("#\n")
    host, before = fleet.others[0], len(fleet.master.said)
    with (tmp_path / "said").open("wb") as said:
        with generator(host, fleet.server, stderr=said, cwd=tmp_path) as other:
            while other.poll() is None:
                done = fleet.trial()
        assert other.returncode == REFUSED
    [refused] = [event for event in fleet.master.said[before:] if event["state"] == "refused"]
    assert refused["name"] == "one"
    assert "other code of the same version" in refused["why"]
    assert (tmp_path / "said").read_text().strip().splitlines()[-1] == refused["why"]
    assert set(done.generators) == set(NAMES)


def test_one_with_another_secret_never_takes_part(
    fleet: Fleet, other_secret: subprocess.Popen[bytes]
) -> None:
    assert other_secret.wait() == GONE
    done = fleet.trial()
    assert sorted(fleet.joined()) == sorted(NAMES)
    assert set(done.generators) == set(NAMES)
    with fleet.others[0].network():
        assert knock(fleet.server.address, PORT, keys_of(OTHER_SECRET)) is Heard.STRANGER
        assert knock(fleet.server.address, PORT, keys_of(SECRET)) is Heard.KNOWN
        assert knock(fleet.server.address, PORT + 1, keys_of(SECRET)) is Heard.NOBODY
