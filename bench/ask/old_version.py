"""`--against` and `--fail-if` of a run: which servers have an old version beside them, checked beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.compare.limits import check_scopes, parse_limits
from bench.catalogue.registry import load_servers
from bench.catalogue.scenarios.request import Scenario
from bench.catalogue.versions import Checkout, checked_out, find
from bench.deploy.packages import differing_pins
from bench.model import App, Server, Subject
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.model.variant import KINDS, Source
from bench.plan.layout import Profile
from bench.report.old_version import name_of

_SHOWN = 5


@dataclass(frozen=True)
class Old:
    """The old version, and what it has of what was chosen.

    Attributes:
        servers: as it has them.
        missing: names of chosen servers that it doesn't have.
        packages: what serves and is pinned to another version there, each (old, new).
    """

    against: Source
    servers: tuple[Server, ...]
    missing: tuple[str, ...]
    packages: Mapping[str, tuple[str, str]]


def resolve_old(
    asked: str,
    root: Path,
    environment: Mapping[str, str],
    servers: Sequence[Server],
    combinations: Sequence[tuple[App, Scenario]],
    runtime: str,
) -> Old:
    """Find the old version and look into it; nothing of it is left.

    Args:
        asked: a commit, a folder or a compose file.
        servers, combinations, runtime: what the run measures, and how.

    Raises:
        UsageError: there is none, or it can't be measured; names every problem.
    """
    against = find(asked, root)
    with checked_out([against], root) as checkouts, Problems() as problems:
        checkout = checkouts[against]
        known = _servers_of(against, checkout, environment)
        problems.note(*_without_app(against, checkout, combinations))
        missing = tuple(server.name for server in servers if server.name not in known)
        if servers and len(missing) == len(servers):
            problems.note(
                f"--against {asked}: it has none of the servers {', '.join(missing)}, so there is nothing to "
                f"compare. It has {', '.join(known)}."
            )
        old = Old(
            against,
            tuple(known[server.name] for server in servers if server.name in known),
            missing,
            differing_pins(checkout.root, root),
        )
        require_packages(old, runtime)
    return old


def require_packages(old: Old | None, runtime: str) -> None:
    """Refuse child processes where they can't serve both versions: this environment has one's packages.

    Raises:
        UsageError: the packages differ.
    """
    if old is None or runtime != "local" or not old.packages:
        return
    named = [f"{name} {before} -> {after}" for name, (before, after) in old.packages.items()]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    raise UsageError(
        f"--against {old.against.asked}: the packages differ ({', '.join(named[:_SHOWN])}{more}, by the lock "
        f"files), and child processes have those of this environment. Use --runtime compose, where each "
        f"version has its own."
    )


def wrong_limits(
    texts: Sequence[str], servers: Sequence[Server], combinations: Sequence[tuple[App, Scenario]]
) -> list[str]:
    """A sentence for every limit that can't be read, or that is about nothing that this run measures."""
    limits, wrong = parse_limits(texts)
    subjects = [
        Subject(server.name, server.name, app.name, (scenario.name,), "")
        for server in servers
        for app, scenario in combinations
    ]
    return [*wrong, *(check_scopes(limits, subjects) if subjects else ())]


def wrong_use(
    against: object, fail_if: object, profile: Profile, servers: Sequence[Server], *, own: bool
) -> Iterator[str]:
    """A sentence for what doesn't go with an old version, or needs one.

    Args:
        own: whether an application of the user's own is measured.
    """
    if not against:
        if fail_if:
            yield (
                "--fail-if is a limit for what changes from an old version to this one: name that with "
                "--against, or compare two results with `wsgi-bench compare`."
            )
        return
    if own:
        yield (
            "--against is for versions of a checkout of wsgi-bench, its servers and applications. Two "
            "versions of your own are two lines of one run: `git worktree add ../old VERSION`, then --server "
            "'old=cd ../old && gunicorn shop:app -b {bind}' --server 'new=gunicorn shop:app -b {bind}'."
        )
        return
    if any(server.own or server.service for server in servers):
        yield (
            "--against and --server exclude each other: an old version has the servers of its compose file. "
            "Leave one out, or use --servers."
        )
    if not profile.claims:
        yield (
            f"--against: the {profile.name} profile claims nothing, so no change would be found. "
            f"Use --profile standard."
        )
    names = {server.name for server in servers}
    if taken := names & {name + kind.suffix for name in names for kind in KINDS.values() if kind.suffix}:
        yield (
            f"--against: {', '.join(sorted(taken))} is what a version or twin of another server is called. "
            f"Measure them in runs of their own, or rename the service."
        )


def _servers_of(against: Source, checkout: Checkout, environment: Mapping[str, str]) -> Mapping[str, Server]:
    """The servers that the old version has, by name."""
    try:
        return load_servers(checkout.compose_file, environment)
    except UsageError as error:
        shown = against.compose_file or f"{checkout.compose_file.name} of {name_of(against)}"
        raise UsageError(
            *(
                f"--against {against.asked}: {problem.replace(str(checkout.compose_file), shown)}"
                for problem in error.problems
            )
        ) from None


def _without_app(
    against: Source, checkout: Checkout, combinations: Sequence[tuple[App, Scenario]]
) -> Iterator[str]:
    """What is wrong with applications of this checkout that the old version doesn't have."""
    for app in {app.callable: app for app, _ in combinations}.values():
        module = app.callable.partition(":")[0].split(".")
        path = checkout.root.joinpath(*module)
        if module[0] == "apps" and not (path.is_dir() or path.with_suffix(".py").is_file()):
            yield (
                f"--against {against.asked}: it has no application {app.callable}, so there is nothing to "
                f"compare. Choose another --app."
            )
