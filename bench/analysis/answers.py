"""What servers answered: by status, what the wrong answers were, and whether all answer alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bench.model import Learned, Suite, Trial
from bench.model.pages import accepted, kind_in_words, size

_NAMED = 3


def by_status(trials: Iterable[Trial]) -> Counter[str]:
    """Whole answers, right and wrong ones."""
    counts = Counter[str]()
    for trial in trials:
        counts.update(trial.statuses)
    return counts


def wrong(trials: Iterable[Trial]) -> Counter[str]:
    """The wrong ones among them, by what they were."""
    counts = Counter[str]()
    for trial in trials:
        counts.update(trial.wrong)
    return counts


def instead(trials: Iterable[Trial]) -> str:
    """The most frequent wrong answers, e.g. "; what came instead: '302 to /slow-down'"; empty without any."""
    named = [f"'{text}'" for text, _ in wrong(trials).most_common(_NAMED)]
    return f"; what came instead: {', '.join(named)}" if named else ""


def learned(suite: Suite) -> list[Learned]:
    """What was learned of pages, by deployments in the plan's order: rounds start them in another."""
    order = {deployment.name: number for number, deployment in enumerate(suite.plan.deployments)}
    return sorted(suite.learned, key=lambda page: order[page.deployment])


def unlike(suite: Suite) -> Iterator[str]:
    """A sentence for each server whose page isn't that of the first one with the same app."""
    deployments = {deployment.name: deployment for deployment in suite.plan.deployments}
    servers = {case.deployment: case.server for case in suite.plan.cases}
    first: dict[tuple[str, ...], Learned] = {}
    for page in learned(suite):
        app = deployments[page.deployment].app.name
        of = first.setdefault((app, page.scenario, page.endpoint, page.request), page)
        if _kind(page) == _kind(of) and _overlap(page, of):
            continue
        yield (
            f"{servers[page.deployment]} answers {page.request} with {_in_words(page)} where "
            f"{servers[of.deployment]} answers {_in_words(of)}: these are different pages, and their "
            f"figures compare more than the servers."
        )


def _kind(page: Learned) -> tuple[int, str, str | None]:
    return page.status, page.media_type, page.location


def _overlap(a: Learned, b: Learned) -> bool:
    (low_a, high_a), (low_b, high_b) = accepted(a), accepted(b)
    return max(low_a, low_b) <= min(high_a, high_b)


def _in_words(page: Learned) -> str:
    return f"{kind_in_words(page.status, page.media_type, page.location)}, {size(page.longest)}"
