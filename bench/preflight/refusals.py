"""What keeps an application from being measured, each with the way out; and what else is worth knowing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from bench.catalogue.scenarios.request import REDIRECTS
from bench.model import Server
from bench.model.counted import count
from bench.model.preflight import Answered, Preflight
from bench.model.scenario import AskedRequest, AskedScenario
from bench.preflight.troubles import raised_in_words, trouble_in_words
from bench.preflight.visitor import HOST

_LOGIN = re.compile("log-?in|sign-?in|(^|[/_-])(o?auth2?|sso|session)", re.IGNORECASE)
_MUCH_PRINTED = 100_000
_SHOWN = 5


def refusals(seen: Preflight, scenario: AskedScenario) -> tuple[str, ...]:
    """A sentence for each reason not to measure this; none if there is none."""
    if seen.trouble is not None:
        return (trouble_in_words(seen),)
    refused = [_wrong_login(each, asked) for asked, each in zip(scenario.login, seen.login, strict=False)]
    asked = {request.name: request for request in scenario.requests}
    refused += [_wrong(each, asked[each.name], seen, scenario) for each in seen.answered]
    missing = [
        each.request for each in seen.answered if each.status == 404 and asked[each.name].status is None
    ]
    if len(missing) > 1 and len(missing) == len(seen.answered):
        return (f"Every page answers 404 ({_listed(missing)}): --url PATH names one that there is",)
    return tuple(dict.fromkeys(sentence for sentence in refused if sentence))


def notes(seen: Preflight, scenario: AskedScenario, *, restored: bool = False) -> tuple[str, ...]:
    """A sentence for everything else that a user should know before figures come of it.

    Args:
        restored: whether what is written is put back before each round.
    """
    return tuple(dict.fromkeys(_notes(seen, scenario, restored)))


def unable(seen: Preflight, servers: Iterable[Server]) -> dict[str, str]:
    """Of servers that can't answer some request, by name: why."""
    writers = [each.request for each in (*seen.login, *seen.answered) if each.writes]
    # https://github.com/emmett-framework/granian/blob/v2.8.7/granian/wsgi.py
    without = [server.name for server in servers if server.package == "granian" and writers]
    calls = "calls" if len(set(writers)) == 1 else "call"
    why = f"{_listed(writers)} {calls} write(), which start_response returns by PEP 3333, but not granian's"
    return dict.fromkeys(without, why)


def beside_the_file(seen: Preflight, scenario: AskedScenario) -> tuple[str, ...]:
    """What a look at pages is worth that a locust file needn't ask: no refusal, but a sentence for each that
    isn't as it should be.
    """
    asked = {request.name: request for request in scenario.requests}
    return tuple(
        f"{_answered(each)}{_by_host(each, asked[each.name], seen, scenario)}; the locust file says what is "
        f"asked, and nothing of it was tried"
        for each in seen.answered
        if each.status != 200 or each.fault
    )


def _answered(answer: Answered) -> str:
    if answer.status is not None:
        return f"{answer.request} answers {answer.status}{f', {answer.fault}' if answer.fault else ''}"
    raised = "nothing" if answer.raised is None else raised_in_words(answer.raised)
    return f"{answer.request} {'answers' if answer.raised is None else 'raises'} {raised}"


def _by_host(answer: Answered, asked: AskedRequest, seen: Preflight, scenario: AskedScenario) -> str:
    """Whose refusal it is, where every answer to a file's users would be the same."""
    refuses = answer.about == "host" or (answer.status == 400 and _refuses_host(seen, asked, scenario))
    return " from ALLOWED_HOSTS, which has to allow 127.0.0.1" if refuses else ""


def _notes(seen: Preflight, scenario: AskedScenario, restored: bool) -> Iterator[str]:
    every = (*seen.login, *seen.answered)
    sessions = [each.request for each in seen.answered if each.session_cookies]
    if sessions and scenario.cookies:
        yield (
            f"{_listed(sessions)} {'sets' if len(sessions) == 1 else 'set'} a session cookie: each user "
            f"keeps its cookies, --no-cookies for new visitors"
        )
    for file in dict.fromkeys(file for each in every for file in each.written):
        writers = [each.request for each in every if file in each.written]
        what = f"{_listed(writers)} {'writes' if len(writers) == 1 else 'write'} to {file}"
        if not restored:
            yield f"{what}: --reset CMD, or --copy {file}" if file in seen.databases else what
    for file in seen.written:
        yield f"Its import writes to {file}"
    for each in every:
        for problem in each.problems:
            yield f"{each.request} {problem}, which PEP 3333 doesn't allow and servers treat differently"
        if each.later is not None and each.later != each.status:
            yield f"{each.request} answers {each.status} first, and {each.later} to a user who comes again"
    # A port that the kernel chooses is taken to try something, or for clients that are told of it.
    if fixed := [address for address in seen.binds if not address.endswith(":0")]:
        yield f"It takes {_listed(fixed)} itself, which a second process of a server can't"
    if seen.processes:
        yield f"It starts processes of its own: {_listed(seen.processes)}"
    if seen.threads:
        yield f"It leaves {count(len(seen.threads), 'thread')} running: {_listed(seen.threads)}"
    if seen.connects:
        yield f"It connects to {_listed(seen.connects)}"
    if seen.printed > _MUCH_PRINTED:
        yield f"It printed {seen.printed:,} bytes; under load that is a part of what is measured"
    for file in seen.left_changed:
        yield f"No longer as it was is {file}"


def _wrong_login(answer: Answered, asked: AskedRequest) -> str:
    if answer.raised is not None and answer.status is None:
        return f"The login's {answer.request} raises {raised_in_words(answer.raised)}"
    wanted = asked.status
    if answer.status is None or (answer.status != wanted if wanted else answer.status >= 400):
        return f"The login's {answer.request} answers {answer.status or 'nothing'}{_why(answer)}"
    return ""


def _wrong(answer: Answered, asked: AskedRequest, seen: Preflight, scenario: AskedScenario) -> str:
    status, request = answer.status, answer.request
    if status is None and answer.raised is not None:
        return f"{request} raises {raised_in_words(answer.raised)}"
    if answer.escaped and answer.raised is not None and asked.status is None:
        return (
            f"{request} raises {raised_in_words(answer.raised)} once it has begun to answer: a server cuts "
            f"the answer off, or says 500"
        )
    if status is None:
        return f"{request} {'; '.join(answer.problems)}: no server could answer"
    statuses = {status, answer.later} - {None}
    if asked.status is not None:
        return (
            ""
            if asked.status in statuses
            else f"{request} answers {status}, not {asked.status}{_why(answer)}"
        )
    if status in REDIRECTS and not asked.redirects:
        return _redirect(answer, asked, scenario)
    if answer.about == "host" or (status == 400 and _refuses_host(seen, asked, scenario)):
        if not seen.hosts:
            return f"{request} answers 400: ALLOWED_HOSTS is empty, which allows no host without DEBUG"
        return f"{request} answers 400 from ALLOWED_HOSTS: --host {_host(seen.hosts)}"
    if answer.about == "csrf":
        return (
            f"{request} answers {status} for want of a CSRF token: --scenario FILE takes one from the page "
            f"that has the form"
        )
    ways = {
        401: "--header 'Authorization: ...', or a login in --scenario FILE",
        403: "--header 'Authorization: ...', or a login in --scenario FILE",
        404: "--url PATH names a page that there is",
        405: "--url 'POST PATH' names another method",
    }
    if status in (400, 415, 422) and asked.method != "GET" and not asked.body:
        return f"{request} answers {status} to an empty body: --data or --json-body gives it one"
    if status >= 400:
        way = f": {ways[status]}" if status in ways and answer.raised is None else _why(answer)
        return f"{request} answers {status}{way}"
    return f"{request}: {answer.fault}" if answer.fault else ""


def _redirect(answer: Answered, asked: AskedRequest, scenario: AskedScenario) -> str:
    """The ways out of a redirect, by where it leads."""
    target = urlsplit(answer.location)
    what = f"{answer.request} answers {answer.status} to"
    path = answer.request.partition(" ")[2].partition("?")[0]
    if target.scheme == "https" and target.path in (path, ""):
        if any(name.lower() == "x-forwarded-proto" for name, _ in asked.headers):
            return f"{what} https in spite of X-Forwarded-Proto: Django needs SECURE_PROXY_SSL_HEADER for it"
        return f"{what} https, which would measure the redirect: --header 'X-Forwarded-Proto: https'"
    if target.path == f"{path}/":
        return f"{what} {target.path}, which would measure the redirect: --url {target.path}"
    if _LOGIN.search(target.path):
        if scenario.login:
            return f"{what} {target.path} though its user has logged in: correct the login in --scenario FILE"
        return (
            f"{what} {target.path}, which would measure the redirect: --url PATH, a login in "
            f"--scenario FILE, or --allow-redirect"
        )
    return f"{what} {target.path or '/'}, which would measure the redirect: --url PATH, or --allow-redirect"


def _why(answer: Answered) -> str:
    if answer.raised is None:
        return ""
    # As Django and SQLAlchemy have it of SQLite, PostgreSQL and MySQL.
    no_table = re.search(
        "no such table|relation .* does not exist|Table .* doesn't exist", answer.raised.text
    )
    way = ": --setup CMD makes its tables (Django: --setup 'python manage.py migrate')" if no_table else ""
    return f": {raised_in_words(answer.raised)}{way}"


def _refuses_host(seen: Preflight, asked: AskedRequest, scenario: AskedScenario) -> bool:
    """Whether Django's settings don't allow the host that was asked for; its answer doesn't say so."""
    if not any(name == "Django" for name, _ in seen.frameworks):
        return False
    own = next((value for name, value in asked.headers if name.lower() == "host"), scenario.host or HOST)
    host = own.rpartition(":")[0] or own
    return not any(
        pattern in ("*", host) or (pattern.startswith(".") and f".{host}".endswith(pattern))
        for pattern in seen.hosts
    )


def _host(hosts: Iterable[str]) -> str:
    """One that the settings allow; "*" and the like allow what wasn't refused."""
    named = [host for host in hosts if host.strip(".*") and host not in ("localhost", "127.0.0.1", "[::1]")]
    return f"www{named[0]}" if named and named[0].startswith(".") else (named or ["shop.example"])[0]


def _listed(words: Iterable[str]) -> str:
    every = list(dict.fromkeys(words))
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
