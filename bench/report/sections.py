"""The sections of a report below its verdict, in order.

A new one is a function and its place in `SECTIONS`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from bench.model import Analysis, DeploymentRecord, Suite
from bench.report.headline import detectable, twin_line
from bench.report.page import Column, Listing, Row, Section, Table
from bench.report.results import Group, groups
from bench.report.table import table
from bench.report.units import count, number, ratio, yes

MAX_IDLE_CPU = 0.005

Build = Callable[[Suite, Analysis, tuple[Group, ...]], Section | None]


def build(suite: Suite, analysis: Analysis) -> tuple[Section, ...]:
    """All sections that have something to say."""
    found = groups(suite, analysis)
    return tuple(section for make in SECTIONS if (section := make(suite, analysis, found)) is not None)


def _results(suite: Suite, _analysis: Analysis, found: tuple[Group, ...]) -> Section:
    return Section("results", "Results", tables=tuple(table(suite, group) for group in found))


def _validity(suite: Suite, analysis: Analysis, found: tuple[Group, ...]) -> Section:
    points = tuple(
        f"{entry.case.server} ({group.name}): {reason}"
        for group in found
        for entry in group.entries
        for reason in entry.verdict.reasons
    )
    valid = sum(verdict.valid for verdict in analysis.verdicts.values())
    lines = [f"{valid} of {count(len(analysis.verdicts), 'case')} valid."]
    lines += [line for line in (twin_line(analysis, found), detectable(analysis)) if line is not None]
    if suite.plan.claims and analysis.twin is None:
        lines.append("No twin was measured: the harness's own error is not known.")
    lines += [_busy(record) for record in suite.deployments if (record.idle_cpu or 0) > MAX_IDLE_CPU]
    lines += [_gap(gap) for gap in suite.gaps]
    return Section("validity", "Validity", tuple(lines), points)


def _busy(record: DeploymentRecord) -> str:
    return (
        f"{record.deployment} used {record.idle_cpu:.1%} of a CPU while nothing was asked of it, which the "
        f"others had to do without: compare it with fewer servers at a time."
    )


def _gap(gap: Mapping[str, object]) -> str:
    return f"Gap: {', '.join(f'{key} {value}' for key, value in gap.items())}."


def _failures(suite: Suite, _analysis: Analysis, _found: tuple[Group, ...]) -> Section | None:
    if not suite.failures:
        return None
    return Section(
        "failures",
        "Failures",
        listings=tuple(
            Listing(
                f"{failure.deployment}, round {failure.round}, phase {failure.phase}: {failure.reason}",
                failure.log or ("(the server printed nothing)",),
            )
            for failure in suite.failures
        ),
    )


def _pairs(_suite: Suite, analysis: Analysis, found: tuple[Group, ...]) -> Section | None:
    servers = {entry.case.id: (entry.case.server, group) for group in found for entry in group.entries}
    columns = (
        Column("A", numeric=False),
        Column("B", numeric=False),
        Column("Metric", numeric=False),
        Column("A / B"),
        Column("Interval"),
        Column("A is", numeric=False),
    )
    tables = []
    for group in found:
        rows = tuple(
            Row(
                (
                    servers[c.a][0],
                    servers[c.b][0],
                    c.metric,
                    ratio(c.ratio),
                    f"{ratio(c.low)} to {ratio(c.high)}",
                    _WORDS.get((c.metric, c.verdict), c.verdict),
                )
            )
            for c in analysis.comparisons
            if servers[c.a][1] is group
        )
        if rows:
            tables.append(Table(group.name, columns, rows))
    if not tables:
        return None
    return Section("pairs", "Every pair", (_PAIRS_NOTE,), tables=tuple(tables), folded=True)


_PAIRS_NOTE = (
    "Ratios within the same block, Hodges-Lehmann over blocks, Student's t over rounds; intervals are "
    "adjusted for the number of pairs (Holm, 5 %). 'tie': the interval holds 1, or the ratio is nearer to 1 "
    "than 1 % or the twin's."
)
_WORDS = {
    ("cpu_s_per_request", "faster"): "cheaper",
    ("cpu_s_per_request", "slower"): "dearer",
}


def _environment(suite: Suite, _analysis: Analysis, _found: tuple[Group, ...]) -> Section:
    env, plan = suite.environment, suite.plan
    split = env.cpu_split
    facts = {
        "CPU": f"{env.cpu_model}, {count(env.cpus, 'CPU')}",
        "CPUs of server / generator / Redis": " / ".join(
            ", ".join(map(str, cpus)) or "any" for cpus in (split.server, split.generator, split.store)
        ),
        "Memory": f"{number(env.memory_bytes / 1e9)} GB",
        "System": f"{env.os}, Linux {env.kernel}" if env.kernel not in env.os else env.os,
        "Python": env.python,
        "Runtime": env.runtime + (f", Docker {env.docker}" if env.docker else ""),
        "Measured": f"{count(plan.rounds, 'round')} of {count(plan.blocks, 'closed block')} of "
        f"{plan.trial_s.closed:g} s and {count(plan.open_blocks, 'open block')} of {plan.trial_s.open:g} s "
        f"a case, after {plan.warmup_s:g} s of warm-up",
        "Generator alone": "not calibrated"
        if suite.calibration is None
        else f"{number(suite.calibration.keep_alive_rps)} a second on kept connections, "
        f"{number(suite.calibration.close_rps)} with a connection each",
        **{f"Version of {name}": version for name, version in sorted(env.versions.items())},
        **{f"Image {name}": digest for name, digest in sorted(env.images.items())},
    }
    rows = tuple(Row(item) for item in facts.items())
    columns = (Column("What", numeric=False), Column("Value", numeric=False))
    return Section(
        "environment",
        "Method and environment",
        points=env.notes,
        tables=(Table("This run", columns, rows),),
        folded=True,
    )


def _configuration(suite: Suite, analysis: Analysis, _found: tuple[Group, ...]) -> Section:
    columns = (
        Column("Server", numeric=False),
        Column("Concurrency", numeric=False),
        Column("Keep-alive", numeric=False),
        Column("Connections", "a request"),
        Column("Command", numeric=False, code=True),
        Column("Environment", numeric=False, code=True),
        Column("Why", numeric=False),
    )
    rows = []
    for deployment in suite.plan.deployments:
        if deployment.twin:
            continue
        server = deployment.server
        used = next(
            (analysis.summaries[c.id] for c in suite.plan.cases if c.deployment == deployment.name), None
        )
        rows.append(
            Row(
                (
                    f"{server.name}, {deployment.app.name}",
                    server.concurrency,
                    yes(server.keep_alive),
                    number(used.connections_per_request if used else None),
                    shlex.join(server.command),
                    " ".join(f"{name}={shlex.quote(value)}" for name, value in server.environment.items()),
                    server.docs,
                )
            )
        )
    return Section(
        "configuration",
        "Effective configuration",
        tables=(Table("What was measured", columns, tuple(rows)),),
        folded=True,
    )


def _repeat(suite: Suite, _analysis: Analysis, _found: tuple[Group, ...]) -> Section:
    return Section("repeat", "Repeat", listings=(Listing("The same run again:", (repeat_command(suite),)),))


def repeat_command(suite: Suite) -> str:
    """The command line that plans the same run."""
    plan = suite.plan
    apps = {d.app.name for d in plan.deployments}
    names = dict.fromkeys(d.server.name for d in plan.deployments if not d.twin)
    scenarios = dict.fromkeys(case.scenario for case in plan.cases)
    words = ["wsgi-bench", "run", "--profile", plan.profile]
    if plan.runtime == "external":
        for deployment in plan.deployments:
            if not deployment.twin:
                url = deployment.server.environment.get("URL", "URL")
                words += ["--target", f"{deployment.server.name}={url}"]
    else:
        words += ["--runtime", plan.runtime, "--servers", ",".join(names)]
        # Several apps are what a run without --app chooses by its scenarios.
        words += ["--app", *apps] if len(apps) == 1 else []
    words += ["--scenarios", ",".join(scenarios)]
    if len({case.load.users for case in plan.cases if case.load.model == "closed"}) == 1:
        words += ["--users", str(plan.users)]
    words += ["--rounds", str(plan.rounds), "--blocks", str(plan.blocks), "--seed", str(plan.seed)]
    if plan.rate is not None:
        words += ["--rate", f"{plan.rate:g}"]
    if plan.cases and all(case.load.connection == "close" for case in plan.cases):
        words += ["--connection", "close"]
    return shlex.join(words)


SECTIONS: tuple[Build, ...] = (
    _results,
    _validity,
    _failures,
    _pairs,
    _environment,
    _configuration,
    _repeat,
)
