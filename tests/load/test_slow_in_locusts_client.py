"""`--client fasthttp` counts, like the loop, up to an answer: of a slow server there is one in the window."""

from __future__ import annotations

import os
from pathlib import Path

from bench.load.client import LoadDriver
from bench.model import Closed
from proof.planted.start import planted
from tests.load.test_driver import COMMAND, ROOT, target, trial

LENGTH_S, LONGER_S = 0.05, 0.6


def test_answers_that_take_longer_than_the_trial_are_counted(tmp_path: Path) -> None:
    command = (*COMMAND, "--client", "fasthttp")
    with (
        LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log") as driver,
        planted("delayed", median_s=LONGER_S, spread=0.0) as url,
    ):
        driver.set_targets([target("a", url)], None)
        (found,) = driver.block([trial("a", Closed(2), length_s=LENGTH_S)])
        driver.set_targets([], None)

    assert found.ok == found.offered > 0
