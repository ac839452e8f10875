"""Over time: when each trial ran, and how far from its server's usual throughput it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from statistics import median

from bench.analysis.cases import measured
from bench.analysis.measured import Measured
from bench.model import Analysis, Suite
from bench.model.digits import a_second
from bench.report.charted.shared import SERVER, charted, look, rates
from bench.report.charts import strips
from bench.report.page import Chart, Column, Row, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import row_of
from bench.report.units import NOT_MEASURED, count, number


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on time: a chart for each closed load."""
    cases, spans = measured(suite), _spans(suite)
    return charted(
        suite,
        "time",
        "Over time",
        (_chart(suite, group, cases, spans, f"time-{n}") for n, group in enumerate(groups) if group.closed),
        "Each dot is a trial, above or below its server's median; one further away stands at the row's edge. "
        "A line marks a round's start, grey the restart and warm-up before it.",
    )


def _spans(suite: Suite) -> Mapping[int, strips.Span]:
    """The time that each round took, by its number."""
    spans = {}
    for number_ in sorted({trial.round for trial in suite.trials}):
        trials = [trial for trial in suite.trials if trial.round == number_]
        start_s, end_s = min(t.at_s for t in trials), max(t.at_s + t.duration_s for t in trials)
        spans[number_] = strips.Span(f"round {number_}", start_s, end_s)
    return spans


def _chart(
    suite: Suite, group: Group, cases: Mapping[str, Measured], spans: Mapping[int, strips.Span], name: str
) -> Chart | None:
    if not any(cases[entry.case.id].log_rates for entry in group.entries):
        return None
    title = f"Over time: {group.name}"
    described = f"{count(len(spans), 'round')}; the table below has each round's median."
    strips_ = [_strip(suite, entry, cases[entry.case.id]) for entry in group.entries]
    svg = strips.draw(name, title, described, strips_, list(spans.values()))
    columns = (SERVER, *(Column(f"Round {number_}", "a second") for number_ in spans))
    rows = tuple(_row(entry, cases[entry.case.id], list(spans)) for entry in group.entries)
    return Chart(svg, Table(title, columns, rows, ("Medians of a round's trials.",)))


def _strip(suite: Suite, entry: Entry, case: Measured) -> strips.Strip:
    if not case.log_rates:
        return strips.Strip(look(suite, entry), (), NOT_MEASURED, entry.verdict.valid)
    usual = median(rates(case))
    trials = [
        (trial.at_s, exp(case.log_rates[trial.round][trial.block]) / usual)
        for trial in case.trials
        if trial.block in case.log_rates.get(trial.round, {})
    ]
    return strips.Strip(look(suite, entry), trials, a_second(usual), entry.verdict.valid)


def _row(entry: Entry, case: Measured, rounds: Sequence[int]) -> Row:
    by_round = (case.log_rates.get(number_) for number_ in rounds)
    medians = (number(exp(median(blocks.values())) if blocks else None) for blocks in by_round)
    return row_of(entry, (entry.case.server, *medians))
