"""Wrong answers that look right, of pages that no scenario knows: are they counted, and the cases invalid?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.analysis import analyse
from bench.machine.environment import split_cpus
from bench.model import Suite, Trial
from proof.evidence import Archive, Evidence
from proof.faults import EVERY, TOLERANCE
from proof.machine import staying_on
from proof.planted.start import planted
from proof.runs import harness_run

LIMIT = 200.0
_RIGHT_ANSWERS = 2000
_RATE = 400
PLANTS: Mapping[str, Mapping[str, Any]] = {
    "500": {"kind": "wrong", "fault": "status", "every": EVERY},
    "302": {"kind": "limited", "limit": LIMIT},
    "empty": {"kind": "emptied", "answers": _RIGHT_ANSWERS},
}
KINDS = {"500": "status", "302": "status", "empty": "length"}
"""As what each plant's wrong answers count."""


SCENES: Mapping[str, tuple[str, ...]] = {
    "keep-alive": (),
    "close": ("--connection", "close"),
    "two processes": ("--processes", "2"),
    "locust's client": ("--client", "fasthttp"),
}
"""Each way of asking, and its options of `wsgi-bench run`."""


def prove(archive: Archive, *, rounds: int, blocks: int, scenes: Sequence[str] = tuple(SCENES)) -> Evidence:
    """A run of the harness a scene, with a server a plant, closed and open load."""
    found = {
        scene: judged(_run(archive.runs("lookalikes") / f"{number}", rounds, blocks, SCENES[scene]))
        for number, scene in enumerate(scenes)
    }
    return Evidence(
        reached="; ".join(f"{scene}: {one.reached}" for scene, one in found.items()),
        holds=all(one.holds for one in found.values()),
        note="; ".join(
            ["shares are those of closed load", *(one.note for one in found.values() if one.note)]
        ),
        raw={scene: one.raw for scene, one in found.items()},
    )


def _run(directory: Path, rounds: int, blocks: int, options: Sequence[str]) -> Suite:
    with ExitStack() as stack:
        with staying_on(split_cpus().server):
            urls = {name: stack.enter_context(planted(**options)) for name, options in PLANTS.items()}
        targets = [word for name, url in urls.items() for word in ("--target", f"p{name}={url}")]
        return harness_run(
            directory,
            *("--scenarios", "get", "--rounds", str(rounds), "--blocks", str(blocks)),
            *("--rate", str(_RATE), "--seed", "1", *options, *targets),
            whole=True,
        )


def judged(suite: Suite) -> Evidence:
    """What such a run has counted, against what was planted; of open load only that its cases are invalid."""
    verdicts = analyse(suite).verdicts
    passed = [id_ for id_, verdict in verdicts.items() if "errors" not in verdict.codes]
    counted: dict[str, tuple[float, float]] = {}
    for case in suite.plan.cases:
        name = case.server.removeprefix("p")
        trials = [trial for trial in suite.trials if trial.case == case.id]
        if name in PLANTS and case.load.model == "closed":
            counted[name] = (_said(name, trials), planted_share(name, trials))
    wrong = [name for name in PLANTS if abs(counted[name][0] - counted[name][1]) > TOLERANCE]
    return Evidence(
        reached=", ".join(f"{name} {said:.1%} of {true:.1%}" for name, (said, true) in counted.items())
        + f"; {len(verdicts) - len(passed)} of {len(verdicts)} cases invalid",
        holds=not wrong and not passed,
        note=f"valid: {', '.join(passed)}" if passed else "",
        raw={name: {"said": said, "planted": true} for name, (said, true) in counted.items()},
    )


def planted_share(name: str, trials: list[Trial]) -> float:
    """The share of a plant's answers that were wrong.

    All that were asked within the rate are right; the page is empty long before the first trial counts.
    """
    if name == "302":
        right = LIMIT * sum(trial.duration_s for trial in trials)
        return 1 - right / sum(trial.ok + trial.failed for trial in trials)
    return 1.0 if name == "empty" else 1 / EVERY


def _said(name: str, trials: list[Trial]) -> float:
    answers = sum(trial.ok + trial.failed for trial in trials)
    return sum(trial.errors.get(KINDS[name], 0) for trial in trials) / answers
