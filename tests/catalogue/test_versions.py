"""The old version: found by whatever it is named, had as files, and gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.catalogue.versions import COMPOSE_FILE, branches_and_tags, checked_out, find, this_checkout
from bench.model.errors import Interrupted, UsageError
from bench.model.variant import THIS_CHECKOUT, Source

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, of which the first has the tag `before`; a module is only in the second."""
    root = tmp_path / "repository"
    (root / "servers/one").mkdir(parents=True)
    (root / COMPOSE_FILE).write_text("services: {}\n")
    (root / "servers/one/serve.py").write_text("WHICH = 'old'\n")
    (root / ".gitattributes").write_text("servers export-ignore\n")
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root)
    git(root, "tag", "before")
    (root / "servers/two").mkdir()
    (root / "servers/two/serve.py").write_text("WHICH = 'new'\n")
    (root / "servers/one/serve.py").write_text("WHICH = 'new'\n")
    commit(root)
    return root


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "change")


def imported(folder: Path, path: str, module: str) -> str:
    """What a program that runs in `folder` finds."""
    script = f"import {module} as found; print(found.WHICH)"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={"PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return ended.stdout.strip() or ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["before", "main~1", "refs/tags/before"])
def test_a_commit_is_found_and_had_as_it_was(repository: Path, name: str) -> None:
    status, head = git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")

    found = find(name, repository)
    with checked_out([found], repository) as checkouts:
        checkout = checkouts[found]
        assert (checkout.root / "servers/one/serve.py").read_text() == "WHICH = 'old'\n"
        assert not (checkout.root / "servers/two").exists()
        assert checkout.compose_file.read_text() == "services: {}\n"
        assert checkout.imports is not None
        left = checkout.imports.parent.parent

    assert found == Source(name, git(repository, "rev-parse", "before"))
    assert not left.exists()
    assert git(repository, "status", "--porcelain") == status == ""
    assert git(repository, "rev-parse", "HEAD") == head
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_checkout_may_be_a_folder_of_a_larger_repository(repository: Path) -> None:
    inner = repository / "inner"
    inner.mkdir()
    (inner / COMPOSE_FILE).write_text("services: {a: {}}\n")
    commit(repository)
    (inner / COMPOSE_FILE).write_text("services: {b: {}}\n")

    found = find("HEAD", inner)
    with checked_out([found], inner) as checkouts:
        checkout = checkouts[found]
        assert checkout.compose_file.read_text() == "services: {a: {}}\n"


def test_a_folder_and_a_compose_file_are_used_as_they_stand(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    file = other / "docker-compose.variant.yml"
    for path in (other / COMPOSE_FILE, file):
        path.write_text("services: {}\n")

    for asked, expected in ((other, other / COMPOSE_FILE), (file, file)):
        found = find(str(asked), repository)
        assert found == Source(str(asked), None, str(expected))
        with checked_out([found], repository) as checkouts:
            checkout = checkouts[found]
            assert (checkout.root, checkout.compose_file) == (other, expected)
        assert expected.exists()

    assert find(str(repository), tmp_path).commit == git(repository, "rev-parse", "HEAD")


def test_a_folder_wins_over_a_branch_of_its_name(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main").mkdir()
    assert find("main", repository).compose_file is None
    (tmp_path / "main" / COMPOSE_FILE).write_text("services: {}\n")
    assert find("main", repository).compose_file == str(tmp_path / "main" / COMPOSE_FILE)
    assert find("refs/heads/main", repository).compose_file is None


def test_what_is_nothing_of_these_is_refused_with_the_reason(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such commit, branch or tag"):
        find("nope", repository)
    for odd in ("--output=x", "x" * 5000, "a\0b"):
        with pytest.raises(UsageError, match="no such commit"):
            find(odd, repository)
    with pytest.raises(UsageError, match=f"has no {COMPOSE_FILE}"):
        find(str(tmp_path), repository)
    with pytest.raises(UsageError, match=r"no commit can be looked for.*not a git repository"):
        find("main", tmp_path)


def test_a_folder_that_has_moved_on_is_refused(repository: Path, tmp_path: Path) -> None:
    found = find(str(repository), tmp_path)
    git(repository, "checkout", "--quiet", "before")

    with pytest.raises(UsageError, match=r"stood at commit \w{12} and is at commit \w{12} now"):
        checked_out([found], tmp_path).__enter__()


def test_a_commit_that_is_gone_is_refused(repository: Path) -> None:
    with pytest.raises(UsageError, match=r"commit 0{40}, can't be had .* `git fetch` it"):
        checked_out([Source("main", "0" * 40)], repository).__enter__()


def test_nothing_is_left_where_a_run_is_stopped(repository: Path) -> None:
    left: list[Path] = []

    def stopped() -> None:
        found = find("before", repository)
        with checked_out([found], repository) as checkouts:
            checkout = checkouts[found]
            assert checkout.imports is not None
            left.append(checkout.imports.parent.parent)
            raise Interrupted

    with pytest.raises(Interrupted):
        stopped()
    assert [folder.exists() for folder in left] == [False]


def test_a_module_that_the_old_version_lacks_is_not_taken_from_this_one(repository: Path) -> None:
    found = find("before", repository)
    with checked_out([found], repository) as checkouts:
        checkout = checkouts[found]
        mixed = f"{checkout.root}:{repository}"
        closed = f"{checkout.imports}:{mixed}"

        assert imported(checkout.root, mixed, "servers.two.serve") == "new"
        assert "No module named 'servers.two'" in imported(checkout.root, closed, "servers.two.serve")
        assert imported(checkout.root, closed, "servers.one.serve") == "old"
        assert "No module named 'apps.one'" in imported(checkout.root, closed, "apps.one")


def test_without_another_version_there_is_none(tmp_path: Path) -> None:
    with checked_out([THIS_CHECKOUT], tmp_path) as checkouts:
        assert checkouts == this_checkout(tmp_path)


def test_branches_and_tags_are_named(repository: Path, tmp_path: Path) -> None:
    assert set(branches_and_tags(repository)) == {"before", "main"}
    assert branches_and_tags(tmp_path) == []
