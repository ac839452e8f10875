"""A new kind of variant, and a source of its own, are found wherever deployments are told apart."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bench.analysis import analyse
from bench.analysis.compare import compare
from bench.catalogue.versions import COMPOSE_FILE, checked_out
from bench.deploy.composefile import run_file
from bench.deploy.images import locked_versions
from bench.deploy.networks import choose
from bench.model import CpuSplit, Deployment, Suite
from bench.model.variant import KINDS, OLD, SERVER, THIS_CHECKOUT, TWIN, Kind, Source, Variant
from bench.report import FORMATS
from bench.run.identity import identify
from bench.store import RESULT, Writer, load, outline
from tests.make_history import store
from tests.make_suite import make_suite, make_versions, without_trials

ROOT = Path(__file__).parents[2]
CANDIDATE = Kind("candidate", ranked=True)


@pytest.fixture
def candidate(monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A run with one more kind in the one list of kinds: gunicorn, its twin, and a candidate of it."""
    monkeypatch.setitem(cast(dict[str, Kind], KINDS), CANDIDATE.name, CANDIDATE)
    suite = make_suite(
        {"gunicorn": 3000.0, "gunicorn-candidate": 3500.0, "waitress": 2500.0}, twin="gunicorn"
    )

    def planted(deployment: Deployment) -> Deployment:
        if deployment.server.name != "gunicorn-candidate":
            return deployment
        server = replace(deployment.server, name="gunicorn", title="gunicorn")
        return replace(deployment, server=server, variant=Variant(CANDIDATE))

    return replace(suite, plan=replace(suite.plan, deployments=tuple(map(planted, suite.plan.deployments))))


def test_a_new_kind_is_stored_and_read_back(candidate: Suite, tmp_path: Path) -> None:
    assert load(store(candidate, tmp_path)).plan == candidate.plan


def test_a_new_kind_that_is_ranked_is_ranked_and_no_twin(candidate: Suite) -> None:
    analysis = analyse(candidate)
    [first, *_] = analysis.ranking
    assert first.cases == ("gunicorn-candidate/shortly/mixed/closed-16",)
    assert analysis.twin is not None
    assert (analysis.twin.subject.id, analysis.twin.other.id) == tuple(
        f"gunicorn{suffix}/shortly/mixed/closed-16" for suffix in ("", TWIN.suffix)
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_new_kind_is_in_every_report(candidate: Suite, name: str) -> None:
    assert "gunicorn-candidate" in FORMATS[name](candidate, analyse(candidate))


def test_a_new_kind_is_compared_between_two_runs(candidate: Suite) -> None:
    found = compare(candidate, candidate)
    assert {change.subject.server for change in found.changes} == {
        "gunicorn",
        "gunicorn-candidate",
        "waitress",
    }
    assert found.not_compared == ()


@pytest.mark.parametrize("old", [{}, {"gunicorn": 3000.0}])
def test_what_a_deployment_is_survives_storing(old: dict[str, float], tmp_path: Path) -> None:
    suite = make_versions({"gunicorn": 3000.0}, old, twin="gunicorn")
    directory = tmp_path / "run"
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(plan=suite.plan)
        assert load(directory).plan == suite.plan
        writer.finish(complete=True, finished=None)

    assert load(directory).plan == outline(directory).plan == suite.plan
    stored = json.loads((directory / RESULT).read_text())["plan"]["deployments"]
    assert [(one["twin"], one["old"]) for one in stored] == [
        (deployment.variant.kind == TWIN, deployment.variant.kind == OLD)
        for deployment in suite.plan.deployments
    ]
    assert "variant" not in stored[0]


def test_a_third_checkout_is_deployed_from_its_own_files(candidate: Suite, tmp_path: Path) -> None:
    """Beside this checkout and an old version: nothing that handles sources knows how many there are."""
    sources = {name: _checkout(tmp_path / name) for name in ("before", "race")}
    deployments = [
        replace(candidate.plan.deployments[0], name=kind.name, variant=Variant(kind, source))
        for kind, source in (
            (SERVER, THIS_CHECKOUT), (OLD, sources["before"]), (CANDIDATE, sources["race"]),
        )
    ]  # fmt: skip

    with checked_out((d.variant.source for d in deployments), ROOT) as checkouts:
        roots = {source.asked: checkouts[source].root for source in sources.values()}
        assert roots == {str(tmp_path / name): tmp_path / name for name in sources}
        imports = {checkout.imports for checkout in checkouts.values()}
        assert len(imports) == 3
        assert None not in imports
        versions = locked_versions(checkouts, deployments)
        assert (versions["gunicorn (old)"], versions["gunicorn (candidate)"]) == ("1.before", "1.race")
        plan = replace(candidate.plan, deployments=tuple(deployments))
        hashes = identify(plan, checkouts, os.environ).sources
        assert (
            len({hashes[f"servers/{of}"] for of in ("", " of the old version", " of the candidate version")})
            == 3
        )

    known: dict[Source, dict[str, Any]] = {
        source: {name: {"image": f"{name}:{number}"} for name in ("gunicorn", "redis", "driver")}
        for number, source in enumerate((THIS_CHECKOUT, *sources.values()))
    }
    subnets = choose([], len(deployments))
    split = CpuSplit((0,), (0,), (0,))
    file = run_file(known, deployments, split, {}, "run", subnets=subnets, cgroups="2")
    assert [file["services"][d.name]["image"] for d in deployments] == [f"gunicorn:{n}" for n in range(3)]


def _checkout(folder: Path) -> Source:
    """A folder that pins gunicorn to a version of its own."""
    lock = folder / "servers/gunicorn/requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text(f"gunicorn==1.{folder.name}\n")
    (folder / COMPOSE_FILE).write_text("services: {}\n")
    return Source(str(folder), None, str(folder / COMPOSE_FILE))
