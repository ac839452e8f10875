"""What generators elsewhere are made of: keys, who is the same program, trials by other clocks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import zmq

from bench.load.clock import now_ns
from bench.load.elsewhere.about import _CODE as DIGESTED
from bench.load.elsewhere.about import About, about, differences, read_about
from bench.load.elsewhere.channel import endpoint
from bench.load.elsewhere.keys import keys_of
from bench.load.shared_trial import by, merge, split
from bench.machine.place import Clock
from bench.model import Closed, Load, Open
from proof.fleet import trial
from proof.machine import ROOT
from tests.make_suite import make_suite

SECRET = "a secret of this test"
OWN = about()


def test_a_secret_gives_the_same_keys_each_time_and_each_side_its_own() -> None:
    keys = keys_of(SECRET)
    assert keys_of(SECRET) == keys
    assert len({keys.master.public, keys.master.secret, keys.generator.public, keys.generator.secret}) == 4
    for pair in (keys.master, keys.generator):
        assert zmq.curve_public(pair.secret) == pair.public
        assert SECRET.encode() not in pair.secret


@pytest.mark.parametrize("other", ["a secret of this tesT", "a secret of this test ", "a secret of this tes"])
def test_another_secret_gives_other_keys(other: str) -> None:
    one, two = keys_of(SECRET), keys_of(other)
    assert one.master.public != two.master.public
    assert one.generator.public != two.generator.public


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert endpoint("10.0.0.5", 5557) == "tcp://10.0.0.5:5557"
    assert endpoint("fd00::1", 5557) == "tcp://[fd00::1]:5557"


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        (OWN, []),
        (replace(OWN, host="another", pid=1, cpus=64), []),
        (replace(OWN, python=OWN.python + "9"), []),
        (replace(OWN, python="3.99.1"), [f"Python 3.99.1 instead of {OWN.python}"]),
        (
            replace(OWN, versions={**OWN.versions, "locust": "0.1"}),
            [f"locust 0.1 instead of {OWN.versions['locust']}"],
        ),
        (
            replace(OWN, versions={n: v for n, v in OWN.versions.items() if n != "gevent"}),
            [f"gevent none instead of {OWN.versions['gevent']}"],
        ),
        (
            replace(OWN, code="0" * 16),
            ["other code of the same version: its scenarios, or its client, aren't the master's"],
        ),
        # Of another version the code differs in any case.
        (
            replace(OWN, code="0" * 16, versions={**OWN.versions, "locust": "0.1"}),
            [f"locust 0.1 instead of {OWN.versions['locust']}"],
        ),
    ],
)
def test_a_generator_is_the_same_program_or_it_is_said_in_what_not(
    generator: About, words: list[str]
) -> None:
    assert differences(OWN, generator) == words


def test_what_another_version_says_of_itself_is_read() -> None:
    assert read_about(asdict(OWN)) == OWN
    assert read_about({"host": "a", "horses": 4}) == About("a")
    assert f"locust none instead of {OWN.versions['locust']}" in differences(OWN, read_about({}))


def test_the_digest_is_of_every_module_that_a_generator_runs() -> None:
    code = """
import sys
import bench.load.driver, bench.load.generator, bench.load.users, bench.load.elsewhere.worker
print(*(name for name in sys.modules if name.startswith("bench.")))
"""
    names = subprocess.check_output([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, text=True).split()
    folders = tuple(f"bench.{folder.replace('/', '.')}" for folder in DIGESTED)
    assert "bench.load.link" in names
    assert {name for name in names if not name.startswith(folders)} == {"bench.catalogue"}


@pytest.mark.parametrize("ahead_s", [10, -10, 10**6])
@pytest.mark.parametrize("load", [Closed(7), Open(64, rate=300.0)])
def test_parts_by_other_clocks_open_at_the_same_moment(ahead_s: int, load: Load) -> None:
    lead_ns = 50_000_000
    order = trial(load, 0.1)
    before = now_ns()
    parts = split(order, 3, lead_ns=lead_ns)
    clocks = [Clock(), Clock(ahead_s * 10**9), Clock(-ahead_s * 10**9)]
    theirs = [by(clock, part) for clock, part in zip(clocks, parts, strict=True)]
    for clock, here, there in zip(clocks, parts, theirs, strict=True):
        assert here.opens_ns is not None
        assert here.opens_ns == parts[0].opens_ns
        assert here.opens_ns >= before + lead_ns
        assert there.opens_ns == here.opens_ns + clock.offset_ns
        assert there.epoch_ns == order.epoch_ns + clock.offset_ns
        assert replace(there, opens_ns=here.opens_ns, epoch_ns=here.epoch_ns) == here


def test_a_merged_trial_counts_each_part_by_its_own_length() -> None:
    """A part whose window closes a little later has had longer for its answers."""
    first, second, *_ = make_suite({"a": 100.0}, rounds=1, blocks=2).trials
    parts = replace(first, duration_s=1.0, answers=10.0), replace(second, duration_s=2.0, answers=40.0)
    merged = merge(parts)
    assert merged.answers == pytest.approx(30.0)
    assert merged.duration_s == 1.0
    assert merged.ok == first.ok + second.ok
    assert merged.generator_cpu == max(first.generator_cpu, second.generator_cpu)
