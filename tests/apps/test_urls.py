"""What is refused, and the one form of what isn't."""

from __future__ import annotations

import pytest

from apps.shortly.urls import MAX_LENGTH, RefusedURLError, hostname, normalize, readable

OWN_HOST = "short.example:8000"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("http://example.com/link/1", "http://example.com/link/1"),
        ("HTTP://Example.COM", "http://example.com/"),
        ("https://example.com:443/a?b=c&d=%c3%a9#f", "https://example.com/a?b=c&d=%C3%A9#f"),
        ("http://example.com:8080?q", "http://example.com:8080/?q"),
        ("http://example.com:/", "http://example.com/"),
        ("http://example.com/100%", "http://example.com/100%25"),
        ("http://example.com/a\\b|c", "http://example.com/a%5Cb%7Cc"),
        ("http://example.com/<script>\"'", "http://example.com/%3Cscript%3E%22'"),
        ("http://bücher.example/straße?ü#ñ", "http://xn--bcher-kva.example/stra%C3%9Fe?%C3%BC#%C3%B1"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
        ("http://straße.example/", "http://xn--strae-oqa.example/"),
        ("http://STRASSE.example/", "http://strasse.example/"),
        ("http://例え。テスト/道", "http://xn--r8jz45g.xn--zckzah/%E9%81%93"),
        ("http://example.com/👩\u200d🚀", "http://example.com/%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"),
        ("http://[2001:DB8:0::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://a_b.example./", "http://a_b.example./"),
        ("http://short.example/", "http://short.example/"),
        ("http://xn--a/", "http://xn--a/"),
    ],
)
def test_stored_form(typed: str, stored: str) -> None:
    assert normalize(typed, OWN_HOST) == stored
    assert normalize(stored, OWN_HOST) == stored
    assert readable(stored)
    assert hostname(stored)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "begin with"),
        ("example.com", "begin with"),
        ("//example.com/", "begin with"),
        ("ftp://example.com/", "begin with"),
        ("javascript:alert(1)", "begin with"),
        ("data:text/html,x", "begin with"),
        ("http:example.com", "no host"),
        ("http:///path", "no host"),
        ("http://:80/", "no host"),
        ("http://[::1", "malformed"),
        ("http://[::1]]/", "malformed|no host named"),
        ("http://[hello]/", "malformed|no host named"),
        ("http://[1.2.3.4]/", "malformed|no host named"),
        ("http://[::1]x/", "malformed|no host named"),
        ("http://[fe80::1%25eth0]/", "malformed|no host named"),
        ("http://example.com:port/", "malformed"),
        ("http://example.com:65536/", "malformed"),
        ("http://example.com\u2100/", "malformed"),
        ("http://exa\nmple.com/", "control characters"),
        ("http://example.com/\r\nSet-Cookie: a=b", "control characters"),
        ("http://example.com/\x00", "control characters"),
        ("http://example.com/\x7f", "control characters"),
        ("http://example.com/\x85", "control characters"),
        ("http://example.com/a b", "spaces"),
        ("http://example.com/a\u00a0b", "spaces"),
        ("http://example.com/\u2028", "spaces"),
        ("http://example.com/\ud800", "control characters"),
        ("http://user@example.com/", "user name"),
        ("http://user:password@example.com/", "user name"),
        ("http://@example.com/", "user name"),
        ("http://example.com\\@evil.example/", "user name"),
        ("http://example.com\\evil.example/", "no host named"),
        ("http://exam%70le.com/", "no host named"),
        ("http://-example.com/", "no host named"),
        ("http://a..b/", "no host named"),
        ("http://./", "no host named"),
        (f"http://{'a' * 64}.example/", "no host named"),
        (f"http://{'a.' * 130}example/", "no host named"),
        ("http://a\u200cb.example/", "no host named"),
        ("http://2130706433/", "no host named"),
        ("http://0x7f.1/", "no host named"),
        ("http://256.0.0.1/", "no host named"),
        ("http://short.example:8000/", "already a short one"),
        ("http://SHORT.example.:8000/abc", "already a short one"),
        ("http://example.com/" + "a" * (MAX_LENGTH - 18), "longer"),
        ("http://example.com/" + "é" * 400, "longer .* encoded"),
    ],
)
def test_refused(typed: str, reason: str) -> None:
    with pytest.raises(RefusedURLError, match=reason):
        normalize(typed, OWN_HOST)


def test_longest_url_is_accepted() -> None:
    longest = "http://example.com/" + "a" * (MAX_LENGTH - 19)
    assert normalize(longest, OWN_HOST) == longest


@pytest.mark.parametrize(
    ("typed", "own_host"),
    [
        ("https://short.example/", "short.example"),
        ("http://short.example:80/", "short.example"),
        ("http://short.example/", "short.example:80"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://127.0.0.1:5000/1", "127.0.0.1:5000"),
        ("http://[0::1]:5000/1", "[::1]:5000"),
    ],
)
def test_own_host_is_recognised(typed: str, own_host: str) -> None:
    with pytest.raises(RefusedURLError, match="already a short one"):
        normalize(typed, own_host)


@pytest.mark.parametrize(
    ("stored", "shown", "host"),
    [
        ("http://xn--bcher-kva.example:81/", "http://bücher.example:81/", "bücher.example:81"),
        ("http://a.example/stra%C3%9Fe?%C3%BC#%C3%B1", "http://a.example/straße?ü#ñ", "a.example"),
        ("http://xn--strae-oqa.example/", "http://straße.example/", "straße.example"),
        ("http://xn--example-/", "http://xn--example-/", "xn--example-"),
        ("http://xn--a/", "http://xn--a/", "xn--a"),
        ("http://a.example//b/%2F%3F%23", "http://a.example//b/%2F%3F%23", "a.example"),
        ("http://a.example/%FF%25", "http://a.example/%FF%25", "a.example"),
        ("http://[2001:db8::1]:81/", "http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
    ],
)
def test_readable(stored: str, shown: str, host: str) -> None:
    assert (readable(stored), hostname(stored)) == (shown, host)


@pytest.mark.parametrize("hidden", ["%E2%80%AE", "%E2%80%8B", "%C2%A0"])
def test_readable_hides_nothing(hidden: str) -> None:
    url = f"http://example.com/a{hidden}b"
    assert readable(url) == url
