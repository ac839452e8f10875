"""README's table and picture are those of the committed reference results."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.analysis import analyse
from bench.model import Suite
from bench.model.errors import ResultError
from bench.report.charts.standalone import standalone
from bench.report.units import DASH
from bench.store import Writer
from scripts import readme
from tests.golden.test_golden import FIVE, SUITES
from tests.make_suite import make_suite, without_trials

ROOT = Path(__file__).parents[2]
EMPTY = "before\n<!-- table:begin -->\n<!-- table:end -->\nafter\n"


def save(directory: Path, suite: Suite) -> None:
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments, failures=suite.failures)
        writer.finish(complete=True, finished=suite.finished)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with both reference results."""
    made = tmp_path_factory.mktemp("checkout")
    save(made / "results/reference/local", SUITES["hostile-names"]())
    save(made / "results/reference/compose", make_suite(FIVE, twin="gunicorn", rounds=3, blocks=10))
    return made


def test_readme_is_what_make_readme_writes() -> None:
    found = readme.references(ROOT)
    committed = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.with_part(committed, readme.part(found)) == committed, "`make readme` and commit"
    pictures = [standalone(one.picture) for one in found[:1]]
    assert [path.read_text(encoding="utf-8") for path in [ROOT / readme.PICTURE] if path.exists()] == pictures


def test_containers_get_the_table_and_child_processes_a_line(root: Path) -> None:
    part = readme.part(readme.references(root))
    table, _, line = part.partition(f"]({readme.PICTURE})\n\n")
    rows = re.findall(rf"^\| (\S+) \| (\S+) \| [\d,.{DASH}]+ \|", table, re.MULTILINE)
    assert {server for _, server in rows} == {*FIVE, "gunicorn-twin"}
    assert table.startswith("Measured with containers on Example CPU 3000, 2 CPUs, 2026-01-02 03:04 UTC: ")
    assert line.startswith(
        "Measured with child processes on <b>CPU</b>".replace("<", "&lt;").replace(">", "&gt;")
    )
    assert line.endswith("[The whole report](results/reference/local/report.md).\n")
    assert "<script>" not in part


def test_writing_twice_changes_nothing(root: Path) -> None:
    part = readme.part(readme.references(root))
    once = readme.with_part(EMPTY, part)
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert readme.with_part(once, part) == once


@pytest.mark.parametrize("number", [0, 1])
def test_the_picture_is_an_image_that_brings_all_it_needs(root: Path, number: int) -> None:
    picture = standalone(readme.references(root)[number].picture)
    tree = ElementTree.fromstring(picture)
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in tree.iter()}
    assert "script" not in tags
    assert {"svg", "style", "circle"} <= tags <= {
        "svg", "style", "title", "desc", "defs", "pattern", "rect", "path", "text", "g", "circle"
    }  # fmt: skip
    classes = {name for element in tree.iter() for name in element.get("class", "").split()}
    styled = set(re.findall(r"^\.([a-z-]+)", picture, re.MULTILINE))
    assert classes <= styled
    assert re.findall(r"(?:href|src)=|url\((?!#)", picture) == []


def test_without_a_reference_readme_has_no_table(tmp_path: Path) -> None:
    assert readme.part(readme.references(tmp_path)) == ""


def test_a_torn_reference_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "results/reference/local"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{")
    with pytest.raises(ResultError, match=r"local/result\.json, line 1"):
        readme.references(tmp_path)
