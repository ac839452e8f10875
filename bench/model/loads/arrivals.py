"""Random times at which requests are due."""

from __future__ import annotations

import numpy as np


def poisson(rate: float, length_ns: int, seed: int) -> list[int]:
    """Due times of a Poisson process, nanoseconds from 0, `rate` a second, until `length_ns`."""
    expected = rate * length_ns / 1e9
    generator = np.random.default_rng(seed)
    gaps = generator.exponential(1e9 / rate, int(expected + 6 * expected**0.5 + 20))
    due = np.cumsum(gaps).astype(np.int64)
    return [int(at) for at in due[due <= length_ns]]
