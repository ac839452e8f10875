"""Whoever adds a server or an application is told what is missing yet, in sentences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.adding import problems, servers_of

ROOT = Path(__file__).parents[2]
FILES = ("README.md", "docker-compose.yml", "pyproject.toml", "requirements.lock", "apps/apps.toml")
PIN = "served==1.0 \\\n    --hash=sha256:0\n"
SERVICE = """
  served:
    build: {args: {SERVER: served}}
    ports: ["127.0.0.1:8099:8000"]
    x-server:
      {title: Served, package: served, keep_alive: true, concurrency: few, default: false, docs: "https://x"}
"""
GROUP, INCLUDED = 'served = ["served"]\n', '    { include-group = "served" },\n'
ROW = "| `served` | [Served](https://x) | few | yes | no | 8099 |\n"


def test_nothing_of_this_checkout_disagrees() -> None:
    found = problems(ROOT)
    assert not found, "\n".join(found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This checkout's lists, with a server that was added completely."""
    patterns = (*FILES, "servers/*/requirements.txt", "apps/*/wsgi.py", "bench/catalogue/scenarios/*.py")
    for path in (path for pattern in patterns for path in ROOT.glob(pattern)):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    edit(tmp_path, "docker-compose.yml", "\nservices:\n", "\nservices:\n" + SERVICE)
    edit(tmp_path, "pyproject.toml", "\nservers = [\n", f"\n{GROUP}servers = [\n{INCLUDED}")
    edit(tmp_path, "README.md", "<!-- servers:end -->", ROW + "<!-- servers:end -->")
    (tmp_path / "servers/served").mkdir()
    for lock in ("servers/served/requirements.txt", "requirements.lock"):
        with (tmp_path / lock).open("a") as file:
            file.write(PIN)
    return tmp_path


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text()
    assert text.count(old) == 1, (name, old)
    (root / name).write_text(text.replace(old, new))


def test_a_server_that_was_added_completely_has_no_problem(checkout: Path) -> None:
    assert "served" in servers_of(checkout)
    assert problems(checkout) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "pyproject.toml", INCLUDED, "",
            "served is built by docker-compose.yml, but isn't locked: in pyproject.toml, "
            '[dependency-groups], give it a group of its own and, in the group "servers", '
            '{ include-group = "served" }; then run `make lock` and commit what it writes.',
        ),
        (
            "requirements.lock", PIN, "",
            "served is 1.0 in servers/served/requirements.txt, but missing in requirements.lock: run `make "
            "lock` and commit what it writes.",
        ),
        (
            "requirements.lock", "served==1.0", "served==2.0",
            "served is 1.0 in servers/served/requirements.txt, but 2.0 in requirements.lock: run `make lock` "
            "and commit what it writes.",
        ),
        (
            "servers/served/requirements.txt", "served==1.0", "other==1.0",
            "docker-compose.yml says that served is the package served, which "
            "servers/served/requirements.txt hasn't: name it in the group served of pyproject.toml, run "
            "`make lock` and commit what it writes; or correct x-server.package.",
        ),
        (
            "docker-compose.yml", SERVICE, "",
            "no service with an `x-server` block in docker-compose.yml builds served (build.args.SERVER): "
            "add its service, or take served out of servers/ and pyproject.toml.",
        ),
        ("README.md", ROW, "", f"README.md's table of servers lacks the row: {ROW.strip()}"),
        (
            "apps/apps.toml", "apps.hello.wsgi", "apps.hallo.wsgi",
            "apps/apps.toml, [hello]: apps/hallo/wsgi.py doesn't exist: write it, or correct callable.",
        ),
        (
            "apps/apps.toml", 'scenarios = ["mixed"', 'scenarios = ["mixt"',
            "apps/apps.toml, [shortly]: there is no scenario mixt (bench/catalogue/scenarios/mixt.py): "
            "write it, or name one of ",
        ),
    ],
)  # fmt: skip
def test_what_is_forgotten_is_named_with_what_to_do(
    checkout: Path, file: str, old: str, new: str, said: str
) -> None:
    edit(checkout, file, old, new)

    found = problems(checkout)

    assert any(problem.startswith(said) for problem in found), "\n".join(found)
    assert all("{" not in problem.replace("{ include-group", "") for problem in found)


def test_a_server_that_was_not_locked_yet_is_named(checkout: Path) -> None:
    (checkout / "servers/served/requirements.txt").unlink()
    assert problems(checkout) == [
        "servers/served/requirements.txt is missing: run `make lock` and commit what it writes."
    ]


def test_an_application_that_is_not_listed_is_named(checkout: Path) -> None:
    (checkout / "apps/unlisted").mkdir()
    (checkout / "apps/unlisted/wsgi.py").touch()
    assert problems(checkout) == [
        'apps/unlisted/ is an application that apps/apps.toml doesn\'t list: add [unlisted] with callable = '
        '"apps.unlisted.wsgi:application" and scenarios.'
    ]  # fmt: skip
