"""`--from-access-log` and `--har`: which of the two is read, and of which host."""

from __future__ import annotations

from pathlib import Path

from bench.ask.traffic import read_traffic

FOLDER = Path(__file__).parents[1] / "catalogue/traffic"
LOG, HAR = str(FOLDER / "logs/gunicorn.log"), str(FOLDER / "chromium.har")


def test_without_either_there_is_none() -> None:
    assert read_traffic({}) is None


def test_each_is_read() -> None:
    log, recording = read_traffic({"from_access_log": LOG}), read_traffic({"har": HAR})

    assert log is not None
    assert recording is not None
    assert (log.name, recording.name, recording.host) == ("access-log", "har", "shop.example")


def test_the_host_that_was_named_is_asked() -> None:
    log, recording = (
        read_traffic({"host": "CDN.example", **given}) for given in ({"from_access_log": LOG}, {"har": HAR})
    )

    assert log is not None
    assert recording is not None
    assert (log.host, recording.host) == ("CDN.example", "CDN.example")
    assert [request.path for request in recording.requests] == ["/lib"]


def test_users_without_cookies_are_new_visitors() -> None:
    kept, none = (read_traffic({"har": HAR, "no_cookies": each}) for each in (False, True))

    assert kept is not None
    assert none is not None
    assert (kept.cookies, none.cookies) == (True, False)


def test_a_field_is_sent_with_every_request_instead_of_the_recorded_one() -> None:
    """As what a proxy says: without it an application that wants TLS redirects each page."""
    fields = ("X-Forwarded-Proto: https", "accept: text/html")
    log, recording = (
        read_traffic({"header": fields, **given}) for given in ({"from_access_log": LOG}, {"har": HAR})
    )
    assert log is not None
    assert recording is not None
    for request in (*log.requests, *recording.requests):
        sent = [(name.lower(), value) for name, value in request.headers]
        assert sent.count(("x-forwarded-proto", "https")) == 1
        assert [value for name, value in sent if name == "accept"] == ["text/html"]
