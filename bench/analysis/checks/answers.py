"""Checks of what the server answered, and of what it was asked at all."""

from __future__ import annotations

import math

from bench.analysis.answers import instead, wrong
from bench.analysis.checks.facts import MAX_ERROR_RATE, CaseFacts, flooded, too_many
from bench.analysis.checks.generator import beyond_generator
from bench.analysis.known import FEWEST_ROUNDS
from bench.analysis.outcomes import error_rate, itemised, not_right
from bench.analysis.percentiles import open_load_s
from bench.analysis.recycling import records_of
from bench.model import FILE_KINDS, UNREAD_KINDS, Plan
from bench.model.digits import a_second
from bench.model.measured import LOGIN
from bench.model.pages import size
from bench.model.scenario import FEWEST_USERS
from bench.model.shortage import OWN_KINDS

MAX_UNSERVED = 0.01
"""Share of new connections; each server has a few hundred in a run."""
_MORE = 1.2
"""Settling and draining take time, too."""


def failed(facts: CaseFacts) -> str | None:
    if not facts.failures:
        return None
    first = facts.failures[0]
    where = f"in {len({f.round for f in facts.failures})} of {facts.suite.plan.rounds} rounds"
    see = "; see its log lines under Failures" if first.log else ""
    return f"{first.reason} (phase {first.phase}, {where}){see}"


def never_tried(facts: CaseFacts) -> str | None:
    plan = facts.suite.plan
    if facts.measured.trials:
        return None
    load = facts.measured.case.load
    if facts.suite.complete and not load.waits and not plan.open_blocks and load.rate:
        return (
            f"a median takes {open_load_s(0.5, load.rate):.0f} s of open load at {a_second(load.rate)}, for "
            f"which there was no time beside closed load; give it --minutes {_minutes_for_medians(plan)}, or "
            f"fewer servers"
        )
    if facts.suite.complete and plan.minutes is not None:
        return f"--minutes {plan.minutes:g} were over before its first trial; give it more"
    if facts.suite.complete and not load.waits and not load.rate:
        return "no rate could be set for it, since no server answered rightly under closed load"
    return "the run ended before its first trial"


def beyond(facts: CaseFacts) -> str | None:
    """Whether the rate that most servers can answer is too much for it, so that it isn't offered."""
    capacity, load = facts.suite.plan.beyond.get(facts.measured.case.id), facts.measured.case.load
    if capacity is None:
        return None
    return (
        f"it does about {a_second(capacity)}, and {a_second(load.rate or 0.0)} are offered, which most of "
        f"the others can answer; measure it at a lower --rate, or without them"
    )


def _minutes_for_medians(plan: Plan) -> int:
    """How many a run takes that has as many rounds as medians are measured in, and open load beside."""
    rounds_s = plan.expected_s * max(1.0, FEWEST_ROUNDS / plan.rounds)
    open_s = sum(open_load_s(0.5, case.load.rate) for case in plan.cases if case.load.rate)
    return math.ceil(_MORE * (rounds_s + open_s) / 60)


def nothing_asked(facts: CaseFacts) -> str | None:
    if facts.counts.offered:
        return None
    load, length = facts.measured.case.load, facts.suite.plan.trial_s
    number = len(facts.measured.trials)
    trials = f"{number} trial{'s' * (number != 1)}"
    if load.waits:
        return (
            f"no request ended in its {trials} of {length.closed:g} s; see the server's "
            f"log, and measure longer"
        )
    return (
        f"no request was due in its {trials} of {length.open:g} s, since "
        f"{a_second(load.rate or 0.0)} is too seldom for that; use a higher --rate, or more --rounds"
    )


def errors(facts: CaseFacts) -> str | None:
    counts, rate = facts.counts, error_rate(facts.counts)
    # What was dropped the server was never asked. Where that happened, what still waited stood in line.
    own = sum(counts.errors.get(kind, 0) for kind in OWN_KINDS)
    blamed = counts.failed - own + (0 if flooded(facts) else counts.unfinished)
    if rate is None or blamed <= MAX_ERROR_RATE * counts.offered:
        return None
    return (
        f"{rate * 100:.2f} % of the requests were not answered rightly "
        f"({itemised(counts)}){instead(facts.measured.trials)}; {_advice(facts)}"
    )


def logins(facts: CaseFacts) -> str | None:
    """Users who could not log in: they ask as strangers, whose pages may be right by all that is known."""
    trials, load = facts.measured.trials, facts.measured.case.load
    without = [trial.failed_logins for trial in trials if trial.failed_logins]
    users = load.at_once if load.waits else min(load.at_once, FEWEST_USERS)
    if sum(without) <= MAX_ERROR_RATE * users * len(trials):
        return None
    said = [f"'{words.removeprefix(LOGIN)}'" for words in wrong(trials) if words.startswith(LOGIN)]
    return (
        f"in {len(without)} of {len(trials)} trials up to {max(without)} of its users were not logged in, "
        f"since their logins got {', '.join(said)}: what they were answered then is not the page that was "
        f"asked for; see that each account can log in, and that the server bears as many logins at once"
    )


def unserved(facts: CaseFacts) -> str | None:
    """New connections that are served badly: whoever keeps connections soon has others, and sees no more."""
    case, plan = facts.measured.case, facts.suite.plan
    asked = plan.scenarios.get(case.scenario)
    if case.load.connection != "as-is" or (asked is not None and asked.login):
        return None
    if facts.failures or errors(facts) is not None:
        return None
    same = {
        other.id
        for other in plan.cases
        if other.deployment == case.deployment and other.load.connection == case.load.connection
    }
    trials = [trial for trial in facts.suite.trials if trial.case in same]
    fresh, without = sum(trial.fresh or 0 for trial in trials), sum(trial.unserved for trial in trials)
    if without <= max(1, MAX_UNSERVED * fresh):
        return None
    return (
        f"{without:,} of {fresh:,} new connections got no right answer to their first request, most of them "
        f"before anything counted: what counts came by the others, which were kept. Whoever connects anew is "
        f"served so badly, as --connection close shows; read {_log(plan)}"
    )


def _advice(facts: CaseFacts) -> str:
    """Whose affair wrong answers are."""
    counts, plan = facts.counts, facts.suite.plan
    if (path := _asked_to_log_in(facts)) is not None:
        return (
            f"users were sent to {path} to log in again: {_how_ended(facts)}. They log in once a deployment: "
            f"have sessions last for a round, or leave out what ends them"
        )
    if plan.locust is None and _of_another_length(facts):
        return (
            f"where other lengths are right, too, say what each right page holds, as in --url '/ ~Welcome'; "
            f"else read {_log(plan)}"
        )
    refused = sum(counts.errors.get(kind, 0) for kind in UNREAD_KINDS)
    if plan.client == "fasthttp" and 2 * refused > counts.failed + counts.unfinished:
        return (
            "the harness's own client read its answers before the trials: measure without --client fasthttp"
        )
    of_file = sum(counts.errors.get(kind, 0) for kind in FILE_KINDS)
    if 2 * of_file > counts.failed + counts.unfinished:
        return (
            "that is the locust file's own code, or what it takes for granted of this application: "
            "logs/driver.log has the tracebacks"
        )
    if plan.runtime != "external" and _fails_everywhere(facts):
        return (
            "nor were those of any other server, which makes it the application's affair, or that of what it "
            "waits for: read what it says in logs/, and mend that or offer less load"
        )
    return f"read {_log(plan)}, and mend it or offer less load"


def _of_another_length(facts: CaseFacts) -> bool:
    """Whether most of what was wrong is the length alone, and there was a body."""
    counts = facts.counts
    usual = wrong(facts.measured.trials).most_common(1)
    return (
        2 * counts.errors.get("length", 0) > counts.failed + counts.unfinished
        and bool(usual)
        and not usual[0][0].endswith(size(0))
    )


def _how_ended(facts: CaseFacts) -> str:
    """Why a user who had logged in is a stranger again."""
    ended = "their sessions had ended, or a request or another login ended them"
    deployment = facts.measured.deployment
    seen = (record.workers or 0 for record in records_of(facts.suite, deployment.name))
    workers = max((deployment.server.workers or 0, *seen))
    if workers > 1:
        return f"{ended}, or this server's {workers} processes each know sessions of their own"
    return ended


def _log(plan: Plan) -> str:
    """Where the server's log is."""
    return "the server's own log" if plan.runtime == "external" else "the server's log in logs/"


def _asked_to_log_in(facts: CaseFacts) -> str | None:
    """Where most wrong answers sent users who log in, if that is where they do."""
    asked = facts.suite.plan.scenarios.get(facts.measured.case.scenario)
    answers = wrong(facts.measured.trials).most_common(1)
    if asked is None or not answers:
        return None
    status, _, path = answers[0][0].partition(" to ")
    return (
        path if status[:1] == "3" and path in {step.path.partition("?")[0] for step in asked.login} else None
    )


def _fails_everywhere(facts: CaseFacts) -> bool:
    """Whether there are several servers, and of each more than half of the requests went wrong."""
    group = (facts.measured, *facts.others)
    return len({each.case.server for each in group}) > 1 and all(
        2 * sum(trial.failed + trial.unfinished for trial in each.trials)
        > sum(trial.offered for trial in each.trials)
        for each in group
    )


def nothing_right(facts: CaseFacts) -> str | None:
    if facts.counts.ok:
        return None
    return "not one request was answered rightly; read the logs, and measure it again"


def overloaded(facts: CaseFacts) -> str | None:
    """Dropped requests: none of them was answered wrongly, and the rate may have been too high for anyone."""
    counts, load = facts.counts, facts.measured.case.load
    if not too_many(facts, counts.dropped - counts.dropped_late) or beyond_generator(facts):
        return None
    asked = facts.suite.plan.rate is not None and load.share is None
    chosen = "as --rate asked" if asked else "the rate came from a short pilot"
    return (
        f"it, or this machine, could not keep up with {a_second(load.rate or 0.0)} ({chosen}): "
        f"{not_right(counts):,} of {counts.offered:,} requests got no right answer ({itemised(counts)}), "
        f"since only {load.at_once} may be under way at once; offer less with --rate"
    )


def balance(facts: CaseFacts) -> str | None:
    broken = [t for t in facts.measured.trials if t.offered != t.ok + t.failed + t.dropped + t.unfinished]
    if not broken:
        return None
    return (
        f"in {len(broken)} trials offered differs from ok + failed + dropped + unfinished; "
        f"that is a fault of the harness, please report it with the result"
    )
