"""Histograms that are added are those of all times."""

from __future__ import annotations

import numpy as np
import pytest

from bench.load.adding import added
from bench.load.records import encode
from bench.model.histograms import HIGHEST_US
from tests.load.trials import decode


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_is_the_histogram_of_all_times(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    parts = [
        drawn.lognormal(
            np.log(10.0 ** drawn.integers(3, 10)), drawn.uniform(0.01, 3.0), drawn.integers(1, 3_000)
        )
        for _ in range(drawn.integers(1, 12))
    ]
    times = [part.astype(np.int64) for part in parts]
    assert added([encode(part) for part in times]) == encode(np.concatenate(times))


def test_the_ends_of_the_range_are_kept() -> None:
    ends = np.array([0, 1, 2 * HIGHEST_US * 1_000], dtype=np.int64)
    middle = np.array([5_000_000], dtype=np.int64)
    assert added([encode(middle), encode(ends), encode(middle)]) == encode(
        np.concatenate([middle, ends, middle])
    )


def test_parts_without_any_time_change_nothing() -> None:
    nothing, some = encode(np.array([], dtype=np.int64)), encode(np.array([7_000, 9_000], dtype=np.int64))
    assert added([nothing, some, nothing]) == some
    assert added([nothing, nothing]) == nothing
    assert decode(added([nothing, nothing])).get_total_count() == 0


def test_counts_beyond_what_a_trial_has_add_up() -> None:
    many = decode(encode(np.array([1_000_000], dtype=np.int64)))
    many.record_value(77, 2**40)
    text = many.encode().decode()
    assert decode(added([text, text, text])).get_count_at_value(77) == 3 * 2**40
