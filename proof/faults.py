"""Servers of which every twentieth answer is wrong: are the wrong ones counted, and the cases invalid?"""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import ExitStack

from bench.analysis import analyse
from bench.machine.environment import split_cpus
from bench.model import LoadModel, Suite
from proof.evidence import Archive, Evidence
from proof.machine import staying_on
from proof.planted.start import planted
from proof.runs import harness_run

KINDS = ("status", "body", "truncated", "reset")
EVERY = 20
TOLERANCE = 0.01
_RATE = 400


def prove(archive: Archive, *, rounds: int, blocks: int) -> Evidence:
    """One run of the harness with a server a kind, closed and open load."""
    with ExitStack() as stack:
        with staying_on(split_cpus().server):
            urls = {kind: stack.enter_context(planted("wrong", fault=kind, every=EVERY)) for kind in KINDS}
        targets = [word for kind, url in urls.items() for word in ("--target", f"{kind}={url}")]
        suite = harness_run(
            archive.runs("faults"),
            *("--scenarios", "hello", "--rounds", str(rounds), "--blocks", str(blocks)),
            *("--rate", str(_RATE), "--seed", "1", *targets),
            whole=True,
        )
    shares = shares_of(suite, KINDS)
    verdicts = analyse(suite).verdicts
    passed = [id_ for id_, verdict in verdicts.items() if "errors" not in verdict.codes]
    worst = max(
        abs(found.get(kind, 0.0) - (1 / EVERY if kind == planted_kind else 0.0))
        for (planted_kind, _), found in shares.items()
        for kind in {*found, planted_kind}
    )
    return Evidence(
        reached=", ".join(
            f"{kind} {shares[kind, 'closed'].get(kind, 0.0):.1%} closed and "
            f"{shares[kind, 'open'].get(kind, 0.0):.1%} open"
            for kind in KINDS
        )
        + f"; {len(verdicts) - len(passed)} of {len(verdicts)} cases invalid",
        holds=worst <= TOLERANCE and not passed,
        note=f"planted {1 / EVERY:.0%}",
        raw={f"{kind} {model}": found for (kind, model), found in shares.items()},
    )


def shares_of(suite: Suite, servers: Container[str]) -> Mapping[tuple[str, LoadModel], Mapping[str, float]]:
    """For each of these servers, and each load, the share of all answers that were wrong, by kind."""
    shares: dict[tuple[str, LoadModel], dict[str, float]] = {}
    for case in (case for case in suite.plan.cases if case.server in servers):
        trials = [trial for trial in suite.trials if trial.case == case.id]
        answers = sum(trial.ok + trial.failed for trial in trials)
        kinds = {kind for trial in trials for kind in trial.errors}
        shares[case.server, case.load.model] = {
            kind: sum(trial.errors.get(kind, 0) for trial in trials) / max(1, answers) for kind in kinds
        }
    return shares
