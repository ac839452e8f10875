"""What a result says is run is only compared: `resume` starts what this checkout has, and refuses else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import analyse
from bench.ask.resolution import on_cpus, resolve
from bench.catalogue.versions import this_checkout
from bench.machine.environment import describe, split_cpus
from bench.model import Environment, Plan
from bench.model.errors import UsageError
from bench.plan.layout import make_plan
from bench.run.identity import differences, identify, require_same
from bench.run.named_again import NOTHING
from bench.run.stored_plan import taken_anew
from bench.store import RESULT, Writer, load
from tests.cli.conftest import ROOT, Here, environment
from tests.make_suite import make_suite, without_trials

Document = dict[str, Any]


def planned(runtime: str) -> Plan:
    flags = {"app": "shortly", "profile": "smoke", "servers": "waitress", "blocks": "1", "rate": "100"}
    asked = resolve(flags, ROOT, environment())
    return make_plan(
        asked.profile, runtime, asked.servers, asked.combinations, seed=1, rate=asked.rate, given=asked.given
    )


def now(plan: Plan, **changes: Any) -> Environment:
    found = describe(
        runtime=plan.runtime, docker=None, versions={}, images={}, cpu_split=split_cpus(), notes=(),
        measured=identify(plan, this_checkout(ROOT), environment()),
    )  # fmt: skip
    return replace(found, **changes)


def stored(directory: Path, runtime: str = "local", **changes: Any) -> Path:
    """A run that was broken off before its first trial."""
    plan = planned(runtime)
    suite = replace(
        without_trials(make_suite({"a": 1.0}, rounds=1, blocks=1)),
        plan=plan, environment=now(plan, **changes), complete=False, finished=None,
    )  # fmt: skip
    with Writer.create(directory, suite, analyse) as writer:
        writer.finish(complete=False, finished=None)
    return directory


def edited(directory: Path, edit: Callable[[Document], None]) -> None:
    path = directory / RESULT
    document = json.loads(path.read_text())
    edit(document["plan"]["deployments"][0])
    path.write_text(json.dumps(document))


def contents(directory: Path) -> Mapping[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def _command(one: Document) -> None:
    one["server"]["command"] = ["touch", "/tmp/taken-from-the-result"]


def _variable(one: Document) -> None:
    one["server"]["environment"]["LD_PRELOAD"] = "/tmp/theirs.so"


def _seed(one: Document) -> None:
    one["app"]["seed"] = ["touch", "/tmp/taken-from-the-result"]


def _callable(one: Document) -> None:
    one["app"]["callable"] = "antigravity:fly_id"


def _unknown_server(one: Document) -> None:
    one["server"]["name"] = "../../theirs"


def _unknown_app(one: Document) -> None:
    one["app"] |= {"name": "antigravity.fly_id", "callable": "antigravity:fly_id"}


@pytest.mark.parametrize("runtime", ["local", "compose"])
@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (_command, "server waitress, command: touch /tmp/taken-from-the-result -> "),
        (_variable, "server waitress, environment LD_PRELOAD: /tmp/theirs.so -> none"),
        (_seed, "app shortly, seed: touch /tmp/taken-from-the-result -> "),
        (_callable, "app shortly, callable: antigravity:fly_id -> apps.shortly.wsgi:application"),
        (_unknown_server, "server ../../theirs: docker-compose.yml has none of that name"),
        (_unknown_app, "names the application antigravity:fly_id, which is in no file of this checkout."),
    ],
)
def test_what_stands_in_a_result_is_not_run(
    here: Here, tmp_path: Path, runtime: str, edit: Callable[[Document], None], told: str
) -> None:
    out = stored(tmp_path / "out", runtime)
    edited(out, edit)
    before = contents(out)

    said = here("resume", out)

    assert said.code == 2
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    assert contents(out) == before


def test_an_application_of_no_file_is_named_again_and_no_other(here: Here, tmp_path: Path) -> None:
    out = stored(tmp_path / "out")
    edited(out, _unknown_app)

    unnamed = here("resume", out)
    other = here("resume", out, "--app", "os:system")

    assert f"`wsgi-bench resume {out} --app antigravity:fly_id`" in unnamed.err
    assert other.code == 2
    assert "--app os:system" in other.err
    assert "antigravity:fly_id" in other.err


def test_a_link_in_a_result_leads_nowhere(here: Here, tmp_path: Path) -> None:
    out = stored(tmp_path / "out")
    theirs = tmp_path / "kept.txt"
    theirs.write_text("mine")
    (out / "report.html").symlink_to(theirs)

    said = here("resume", out)

    assert said.code == 2
    assert f"{out}/report.html is a symbolic link" in said.err
    assert theirs.read_text() == "mine"


@pytest.mark.parametrize("runtime", ["local", "compose"])
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"machine": "0123456789abcdef"}, "machine: 0123456789abcdef -> "),
        ({"host": "theirs"}, "host: theirs -> "),
        ({"kernel": "1.0"}, "kernel: 1.0 -> "),
        ({"cpus": 4096}, "number of CPUs: 4096 -> "),
        ({"memory_bytes": 1 << 20}, "memory: 1 MiB -> "),
    ],
)
def test_another_machine_is_refused_with_what_differs(
    here: Here, tmp_path: Path, runtime: str, changes: Mapping[str, Any], told: str
) -> None:
    if runtime == "compose":
        # Told before an engine is needed, by what compares in both runtimes.
        plan = planned(runtime)
        with pytest.raises(UsageError, match=told):
            require_same(tmp_path, now(plan, **changes), now(plan))
        return
    out = stored(tmp_path / "out", runtime, **changes)
    before = contents(out)

    said = here("resume", out)

    assert said.code == 2
    assert (
        f"{out} can't be continued: it measured something else than would be measured now. {told}" in said.err
    )
    assert contents(out) == before


def test_another_version_is_refused_and_what_was_stored_stays(here: Here, tmp_path: Path) -> None:
    out = stored(tmp_path / "out")
    versions = {**load(out).environment.versions, "waitress": "0.1"}
    edited(out, lambda _: None)
    document = json.loads((out / RESULT).read_text())
    document["environment"]["versions"] = versions
    (out / RESULT).write_text(json.dumps(document))

    said = here("resume", out)

    assert said.code == 2
    assert "waitress: 0.1 -> " in said.err
    assert load(out).environment.versions == versions


def test_other_images_are_named_and_an_old_version_s_run_is_not() -> None:
    plan = planned("compose")
    before = now(plan, images={"waitress": "sha256:a", "waitress:old-1f": "sha256:c", "redis": "sha256:r"})
    same = {"waitress": "sha256:a", "waitress:old-2e": "sha256:c", "redis": "sha256:r"}

    other = replace(before, images={**same, "waitress": "sha256:b"})

    assert list(differences(before, replace(before, images=same))) == []
    assert list(differences(before, other)) == ["image waitress: sha256:a -> sha256:b"]


def test_workers_by_cpus_are_counted_anew() -> None:
    flags = {"app": "hello", "profile": "smoke", "servers": "gunicorn-sync,waitress", "workers": "auto"}
    asked = on_cpus(resolve(flags, ROOT, environment()), split_cpus())
    plan = make_plan(
        asked.profile, "local", asked.servers, asked.combinations, seed=1, rate=100, given=asked.given
    )
    cpus = len(split_cpus().server)

    def again(stored: Plan, cpus: int) -> Plan:
        return taken_anew(Path("out"), stored, ROOT, environment(), NOTHING, this_checkout(ROOT), cpus)

    assert plan.deployments[0].server.workers == 2 * cpus + 1
    assert again(plan, cpus).deployments == plan.deployments
    with pytest.raises(UsageError, match=rf"gunicorn-sync, workers: {2 * cpus + 1} -> {2 * cpus + 3}"):
        again(plan, cpus + 1)
    with pytest.raises(UsageError, match=r"--workers 9999: it is auto, or a number"):
        again(replace(plan, given={**plan.given, "workers": "9999"}), cpus)
