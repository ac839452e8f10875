"""Folders that are made once: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.machine.cache import bytecode, cache_folder, empty, made_once
from bench.model.errors import MachineError


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HOME": "/users/ann"}, "/users/ann/.cache/wsgi-bench"),
        ({"HOME": "/users/ann", "XDG_CACHE_HOME": "/fast"}, "/fast/wsgi-bench"),
        ({"HOME": "/users/ann", "XDG_CACHE_HOME": "relative"}, "/users/ann/.cache/wsgi-bench"),
    ],
)
def test_it_is_where_the_user_keeps_caches(variables: dict[str, str], folder: str) -> None:
    assert cache_folder(variables) == Path(folder)
    assert bytecode(variables) == {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "cache/thing", fail)

    assert list((tmp_path / "cache").iterdir()) == []


def test_who_is_second_takes_the_firsts(tmp_path: Path) -> None:
    folder = tmp_path / "thing"

    def make(made: Path) -> None:
        made.mkdir()
        (made / "second").touch()
        folder.mkdir()
        (folder / "first").touch()

    assert [path.name for path in made_once(folder, make).iterdir()] == ["first"]


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(MachineError, match="XDG_CACHE_HOME"):
        made_once(tmp_path / "file/thing", Path.mkdir)


def test_it_is_emptied_with_all_that_it_holds(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    made_once(cache_folder(environment) / "servers/1", lambda folder: folder.mkdir())
    (cache_folder(environment) / "servers/1/module").write_bytes(bytes(5000))
    (tmp_path / "of another program").touch()

    assert empty(environment) == 5000
    assert [path.name for path in tmp_path.iterdir()] == ["of another program"]
    assert empty(environment) == 0
