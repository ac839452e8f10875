"""The sections that say how a result came about, and how to get it again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping

from bench.analysis.keepalive import NOT_KNOWN, Keeping, by_deployment
from bench.catalogue.variables import of_child, of_container
from bench.model import Analysis, Calibration, Ceiling, Deployment, Plan, Server, Suite
from bench.model.counted import ranges
from bench.model.digits import a_second
from bench.model.pages import answers_in_words
from bench.plan import workers
from bench.report import generators, processes, users
from bench.report.page import Column, Listing, Row, Section, Table
from bench.report.repeat import repeat_command
from bench.report.results import Group
from bench.report.table import workers_x_threads
from bench.report.units import NOT_MEASURED, count, megabytes, number

_FREE_PORT = "(a free port)"


def environment(suite: Suite, _analysis: Analysis, _groups: tuple[Group, ...]) -> Section:
    """How and on what it was measured."""
    env, plan = suite.environment, suite.plan
    confined, preferred = processes.limits(suite), processes.priority(suite)
    chosen = workers.in_words(plan, env.cpu_split)
    facts = {
        **(
            {"Servers and load generator": f"on {env.host}, by its Docker engine"}
            if env.measured_from
            else {}
        ),
        **({"Harness": f"on {env.measured_from}"} if env.measured_from else {}),
        "CPU": f"{env.cpu_model}, {count(env.cpus, 'CPU')}",
        "CPUs of server / generator / Redis": processes.cpus(suite),
        **({"Limits of server / generator / Redis": confined} if confined else {}),
        **({"Priority of server / generator / Redis": preferred} if preferred else {}),
        **({"Kept from going idle": f"CPU {ranges(env.kept_awake)}"} if env.kept_awake else {}),
        **({"Workers, by --workers auto": chosen} if chosen else {}),
        "Memory": f"{number(env.memory_bytes / 1e9)} GB",
        "System": env.os if env.kernel in env.os else f"{env.os}, Linux {env.kernel.removeprefix('Linux ')}",
        "Python": env.python,
        "Runtime": env.runtime + (f", Docker {env.docker}" if env.docker else ""),
        "Measured": _blocks(plan),
        **({} if plan.locust is None else {"Load generator": users.made_by(plan.locust)}),
        "Generator alone": _ceilings(suite.calibration),
        **{f"Version of {name}": version for name, version in sorted(env.versions.items())},
    }
    rows = tuple(Row(item) for item in facts.items())
    columns = (Column("What", numeric=False), Column("Value", numeric=False))
    return Section(
        "environment",
        "Method and environment",
        points=(*(env.cpu_split.notes if plan.runtime != "external" else ()), *env.notes),
        tables=(Table("This run", columns, rows), *generators.tables(suite)),
        folded=True,
    )


def _blocks(plan: Plan) -> str:
    closed = "block" if plan.locust is not None else "closed block"
    # Lengths are drawn where trials end with an answer.
    about = "" if plan.locust is not None or plan.settle_s else "about "
    blocks = f"{count(plan.counted_rounds, 'round')} of {count(plan.blocks, closed)}"
    blocks += f" of {about}{plan.trial_s.closed:g} s"
    if plan.locust is None:
        blocks += f" and {count(plan.open_blocks, 'open block')} of {plan.trial_s.open:g} s"
    return f"{blocks} a case, after {plan.warmup_s:g} s of warm-up"


def _ceilings(calibration: Calibration | None) -> str:
    """What the load generator reached by itself, with answers like those of each app and scenario."""
    if calibration is None:
        return "not calibrated"
    every = (calibration, *calibration.others)
    named = (f"{one.app}, {one.scenario}: {_ceiling(one)}" for one in every)
    return "; ".join(named) if len(every) > 1 else _ceiling(calibration)


def _ceiling(ceiling: Ceiling) -> str:
    rates = (
        f"{a_second(ceiling.keep_alive_rps)} on kept connections, "
        f"{number(ceiling.close_rps)} with a connection each"
    )
    like = ceiling.sample
    return rates if like is None else f"{rates}, with {answers_in_words(like)}"


def configuration(suite: Suite, _analysis: Analysis, _groups: tuple[Group, ...]) -> Section:
    """What each server was started with, side by side."""
    deployments = [deployment for deployment in suite.plan.deployments if deployment.variant.kind.ranked]
    several = len({deployment.app.name for deployment in deployments}) > 1
    names = [f"{d.label}, {d.app.name}" if several else d.label for d in deployments]
    kept = by_deployment(suite)
    facts = [_facts(suite, deployment, kept[deployment.name]) for deployment in deployments]
    commands = [_commands(suite, deployment) for deployment in deployments]
    tables = [
        _side_by_side("What was measured", names, facts, code=False),
        _side_by_side("Command and environment", names, commands, code=True),
    ]
    if suite.environment.images:
        columns = (Column("Image", numeric=False, code=True), Column("Digest", numeric=False, code=True))
        images = tuple(Row(item) for item in sorted(suite.environment.images.items()))
        tables.append(Table("Image digests", columns, images))
    return Section("configuration", "Effective configuration", tables=tuple(tables), folded=True)


def _facts(suite: Suite, deployment: Deployment, kept: Keeping) -> dict[str, str]:
    server = deployment.server
    sizes = [record.image_bytes for record in suite.deployments if record.deployment == deployment.name]
    image_bytes = max((size for size in sizes if size is not None), default=None)
    return {
        "Version": _version(suite, server),
        **({"Image size": f"{megabytes(image_bytes)} MB"} if image_bytes is not None else {}),
        "Concurrency": server.concurrency,
        "Workers x threads": workers_x_threads(suite, deployment),
        **({"Connections it opens": opened} if (opened := _opened(suite, deployment)) else {}),
        "Keep-alive, documented": kept.said,
        "Keep-alive, seen": kept.seen,
        "Connections an answer": number(kept.per_answer),
        "Documentation": server.docs,
    }


def _opened(suite: Suite, deployment: Deployment) -> str:
    """The most connections at once to each address, its database's as a rule: "4 to 127.0.0.1:5432"."""
    most: Counter[str] = Counter()
    for record in suite.deployments:
        if record.deployment == deployment.name:
            most |= Counter(record.peers)
    return ", ".join(f"{count} to {address}" for address, count in sorted(most.items()))


def _version(suite: Suite, server: Server) -> str:
    if suite.plan.runtime == "external":
        return NOT_KNOWN
    return suite.environment.versions.get(server.package, NOT_MEASURED) if server.package else "Python's own"


def _commands(suite: Suite, deployment: Deployment) -> dict[str, str]:
    return {
        "Command": shlex.join(deployment.server.command),
        **dict(sorted(_variables(suite, deployment).items())),
    }


def _variables(suite: Suite, deployment: Deployment) -> Mapping[str, str]:
    """What its processes had, beside what they inherited."""
    if suite.plan.runtime == "compose":
        return of_container(deployment)
    if suite.plan.runtime == "local":
        stored = any(deployment.app.redis for deployment in suite.plan.deployments)
        store = ("127.0.0.1", _FREE_PORT) if stored else None
        return of_child(deployment, _FREE_PORT, deployment.database, store)
    return deployment.server.environment


def _side_by_side(caption: str, names: list[str], sets: list[dict[str, str]], *, code: bool) -> Table:
    """A column a server, a row a setting; empty where a server has no such setting."""
    settings = dict.fromkeys(setting for values in sets for setting in values)
    columns = (Column("Setting", numeric=False), *(Column(name, numeric=False, code=code) for name in names))
    rows = tuple(Row((setting, *(values.get(setting, "") for values in sets))) for setting in settings)
    return Table(caption, columns, rows)


def repeat(suite: Suite, _analysis: Analysis, _groups: tuple[Group, ...]) -> Section:
    """The run's own command."""
    return Section("repeat", "Repeat", listings=(Listing("The same run again:", (repeat_command(suite),)),))
