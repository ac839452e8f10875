"""The page's download: the figures in a file, which the page carries within itself."""

from __future__ import annotations

from bench.model import Analysis, Suite
from bench.report import csv
from bench.report.page import Download, Section
from bench.report.results import Group


def downloads(suite: Suite, analysis: Analysis, _groups: tuple[Group, ...]) -> Section:
    """The table of all cases."""
    cases = Download(f"{suite.id}.csv", "every case in SI units", "text/csv", csv.render(suite, analysis))
    return Section("downloads", "Downloads", downloads=(cases,))
