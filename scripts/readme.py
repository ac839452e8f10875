"""`make readme`: README's table and picture, from the reference results.

`results/reference/` holds a run for each runtime, `compose/` and `local/`. The first of them gets the table
and the picture, the other a line. tests/house/test_readme.py holds that README is what this writes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.analysis import analyse
from bench.model import Suite
from bench.model.errors import BenchError, ResultError
from bench.report.charted import throughput
from bench.report.charts.standalone import standalone
from bench.report.headline import headline
from bench.report.markdown import escape, table_lines
from bench.report.page import Table, sanitised
from bench.report.results import groups
from bench.report.sections import minute
from bench.report.table import table
from bench.report.units import count
from bench.store import RESULT, load, replace_file

ROOT = Path(__file__).parents[1]
PICTURE = Path("docs/throughput.svg")
_PART = re.compile(r"(<!-- table:begin -->\n).*(<!-- table:end -->)", re.DOTALL)
_RUNTIMES = {"compose": "containers", "local": "child processes"}


@dataclass(frozen=True)
class Reference:
    """What README says of one run.

    Attributes:
        path: of its directory, from README.
        table: of its first closed load.
        picture: of the same.
    """

    path: Path
    suite: Suite
    verdict: tuple[str, ...]
    table: Table
    picture: str


def references(root: Path) -> list[Reference]:
    """The committed runs, containers first.

    Raises:
        ResultError: one can't be read.
    """
    paths = [Path("results/reference", name) for name in _RUNTIMES]
    return [_reference(root, path) for path in paths if (root / path / RESULT).exists()]


def _reference(root: Path, path: Path) -> Reference:
    suite = load(root / path)
    analysis = analyse(suite)
    grouped = groups(suite, analysis)
    drawn = throughput.section(suite, analysis, grouped)
    if drawn is None:
        raise ResultError(f"{path} has no closed load to draw. Put a run of the standard profile there.")
    verdict = sanitised(headline(suite, analysis, grouped))
    return Reference(
        path, suite, verdict, sanitised(table(suite, grouped[0])), sanitised(drawn.charts[0].svg)
    )


def part(runs: list[Reference]) -> str:
    """What stands between README's two marks."""
    if not runs:
        return ""
    first, *others = runs
    paragraphs = [_whole(first), *map(_in_short, others)]
    return "\n".join(line for paragraph in paragraphs for line in paragraph)


def _whole(run: Reference) -> Iterator[str]:
    yield from (f"{_measured(run)}: [the whole report]({run.path}/report.md).", "")
    yield from (line for sentence in run.verdict for line in (f"**{escape(sentence)}**", ""))
    yield from table_lines(run.table)
    yield from (
        f"![Throughput of each server as a multiple of the first's, with its 95 % interval]({PICTURE})",
        "",
    )


def _in_short(run: Reference) -> Iterator[str]:
    words = " ".join(map(escape, run.verdict))
    yield from (f"{_measured(run)}: {words} [The whole report]({run.path}/report.md).", "")


def _measured(run: Reference) -> str:
    where = run.suite.environment
    return (
        f"Measured with {_RUNTIMES[run.path.name]} on {escape(where.cpu_model)}, {count(where.cpus, 'CPU')}, "
        f"{minute(run.suite.started)}"
    )


def with_part(readme: str, written: str) -> str:
    """README with what is between its marks replaced."""
    return _PART.sub(lambda marks: f"{marks[1]}{written}{marks[2]}", readme)


def main() -> None:
    """Write both."""
    runs = references(ROOT)
    if not runs:
        raise ResultError(
            "results/reference/ holds no run yet, so README stays as it is. Put one there: "
            "`wsgi-bench run --runtime compose --out results/reference/compose`."
        )
    readme = ROOT / "README.md"
    replace_file(readme, [with_part(readme.read_text(encoding="utf-8"), part(runs))])
    replace_file(ROOT / PICTURE, [standalone(runs[0].picture)])


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"readme: {error}")
