"""What a workflow may do to whoever owns the repository, and for how long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# The pages that show a workflow to be copied.
EXAMPLE = ROOT / "docs/compare.md"
TUTORIAL = ROOT / "docs/tutorials/github-actions.md"


def loaded(path: Path) -> dict[str, Any]:
    text = path.read_text()
    if path.suffix == ".md":
        text = text.partition("```yaml\n")[2].partition("```")[0]
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("path", [*WORKFLOWS, EXAMPLE, TUTORIAL], ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_the_version_as_a_comment(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses:\s*(.+?)\s*$", path.read_text(), re.MULTILINE)

    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, EXAMPLE, TUTORIAL], ids=lambda path: path.name)
def test_one_action_has_one_commit_everywhere(path: Path) -> None:
    ours = dict(re.findall(r"uses: ([\w./-]+)@(.+)", WORKFLOWS[0].read_text()))

    assert {**ours, **dict(re.findall(r"uses: ([\w./-]+)@(.+)", path.read_text()))} == ours


@pytest.mark.parametrize("path", [*WORKFLOWS, TUTORIAL], ids=lambda path: path.name)
def test_no_job_may_write_or_keeps_the_token(path: Path) -> None:
    workflow = loaded(path)

    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job.get("permissions", {"contents": "read"}) == {"contents": "read"}
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", [*WORKFLOWS, TUTORIAL], ids=lambda path: path.name)
def test_a_job_ends_and_each_step_before_it(path: Path) -> None:
    workflow = loaded(path)

    assert workflow["concurrency"]["cancel-in-progress"] is True
    for name, job in workflow["jobs"].items():
        limits = [step.get("timeout-minutes") for step in job["steps"]]
        assert None not in limits, f"{name}: a step has no limit"
        # So that the last step, which keeps what there is, still gets its turn.
        assert sum(limits) <= job["timeout-minutes"], name
