"""The rows of what is asked of an application in a user's own words."""

from __future__ import annotations

from bench.ask.settings.setting import Setting

_OF_A_LOCUSTFILE = ("locustfile", "user", "tags", "exclude_tags")
OF_URLS = ("data", "json_body", "header", "allow_redirect")
"""The settings that say something of each `--url`."""
TRAFFIC = ("from_access_log", "har")
OF_TRAFFIC = ("header",)
"""Those that say something of each request of real traffic, too."""
WAYS = ("scenarios", "url", "scenario", "from_access_log", "har", "locustfile")
"""The settings that say what is asked: one of them does."""


def other_ways(way: str) -> tuple[str, ...]:
    """What is void where this one says what is asked."""
    kept = OF_URLS if way == "url" else OF_TRAFFIC if way in TRAFFIC else ()
    beside = (name for name in OF_URLS if name not in kept)
    return tuple(dict.fromkeys(name for name in (*WAYS, *_OF_A_LOCUSTFILE, *beside) if name != way))


REQUESTS = (
    Setting(
        "scenario",
        "text",
        "A file with requests to measure: drawn values, logins, what is taken from answers",
        "See [your own requests](own-requests.md).",
        form="a TOML file",
        metavar="FILE",
        offers="files",
        drops=other_ways("scenario"),
    ),
    Setting(
        "url",
        "lines",
        "A request to measure, e.g. '3*/items/7', 'POST /cart 303' or '/login 200 ~Sign in'",
        "Weight, method, path, status and a text that the answer holds; all but the path may be left out. "
        "Answers are held to what the first ones were. See [your own requests](own-requests.md).",
        form="`[WEIGHT*][METHOD ]PATH[ STATUS][ ~TEXT]`",
        metavar="REQUEST",
        drops=other_ways("url"),
    ),
    Setting(
        "data",
        "lines",
        "The body of a --url with POST, PUT or PATCH, as a form: the first of the first, or one for all",
        "`@FILE` reads it from a file. A `--header` may say that it is no form.",
        form="a body, or `@FILE`",
        metavar="BODY",
    ),
    Setting(
        "json_body",
        "lines",
        "The same as JSON",
        form="JSON, or `@FILE`",
        metavar="JSON",
    ),
    Setting(
        "header",
        "lines",
        "A header field of every --url, or of every request of --from-access-log or --har",
        form="`NAME: VALUE`",
        metavar="'NAME: VALUE'",
    ),
    Setting(
        "host",
        "text",
        "What the field Host says, for an application that allows certain hosts only",
        form="a host",
        otherwise="the address that is asked",
    ),
    Setting(
        "no_cookies",
        "flag",
        "Each request is a new visitor's; otherwise every user keeps the cookies that it gets",
    ),
    Setting(
        "allow_redirect",
        "flag",
        "A redirect is a right answer, where a --url says no status",
    ),
    Setting(
        "from_access_log",
        "text",
        "Ask what an access log says was asked: its pages, as often",
        "GET and HEAD are asked again, as far as they were answered 2xx.",
        form="a file: common, combined, uWSGI's or JSON, gzip or not",
        metavar="FILE",
        drops=other_ways("from_access_log"),
    ),
    Setting(
        "har",
        "text",
        "Ask what a browser recorded: its requests to the host of the first page, as often",
        "Cookies, Authorization, passwords and tokens stay behind.",
        form="a file: HAR 1.2",
        metavar="FILE",
        drops=other_ways("har"),
    ),
)
