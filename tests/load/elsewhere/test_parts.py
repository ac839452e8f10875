"""What generators elsewhere are made of: keys, who is the same program, trials by other clocks."""

from __future__ import annotations

import pytest
import zmq

from bench.load.elsewhere.keys import keys_of

SECRET = "a secret of this test"


def test_a_secret_gives_the_same_keys_each_time_and_each_side_its_own() -> None:
    keys = keys_of(SECRET)
    assert keys_of(SECRET) == keys
    assert len({keys.master.public, keys.master.secret, keys.generator.public, keys.generator.secret}) == 4
    for pair in (keys.master, keys.generator):
        assert zmq.curve_public(pair.secret) == pair.public
        assert SECRET.encode() not in pair.secret


@pytest.mark.parametrize(
    "other", ["a secret of this tesT", "a secret of this test ", "b secret of this test"]
)
def test_another_secret_gives_other_keys(other: str) -> None:
    one, two = keys_of(SECRET), keys_of(other)
    assert one.master.public != two.master.public
    assert one.generator.public != two.generator.public
