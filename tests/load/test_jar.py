"""The cookies of one user, as RFC 6265 has them for one host."""

from __future__ import annotations

import pytest

from bench.load.jar import Jar


@pytest.mark.parametrize(
    ("fields", "path", "cookie"),
    [
        (["a=1"], "/", "a=1"),
        (["a=1; Path=/; HttpOnly; Secure; SameSite=Lax"], "/x?y=/z", "a=1"),
        (["a=1", "b=2"], "/", "a=1; b=2"),
        (["a=1; Path=/", "a=2; Path=/"], "/", "a=2"),
        (["a=1; Path=/x"], "/xy", ""),
        (["a=1; Path=/x"], "/x/y", "a=1"),
        (["a=1; Path=/x/"], "/x/y", "a=1"),
        (["a=1; Path=/", "a=2; Path=/x"], "/x", "a=2; a=1"),
        (["a=1; Path=/", "a=; Path=/; Max-Age=0"], "/", ""),
        (["a=1; Path=/", "a=x; Path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/", ""),
        (["a=1; Path=/; Expires=Fri, 01 Jan 2999 00:00:00 GMT"], "/", "a=1"),
        (["a=1; Path=/; Max-Age=soon; Expires=whenever"], "/", "a=1"),
        (["a=1; Path=/; Expires=Mon, 01 Jan 99999999999999999999 00:00:00 GMT"], "/", "a=1"),
        (["a=1; Path=/; Expires=Mon, 01 Jan 2030 00:00:00 +99999999999999"], "/", "a=1"),
        (["nonsense", "=1", ""], "/", ""),
        (['a="q=r, s"'], "/", 'a="q=r, s"'),
    ],
)
def test_what_is_sent_follows_from_what_was_set(fields: list[str], path: str, cookie: str) -> None:
    jar = Jar()
    for field in fields:
        jar.take(field, "/")
    assert jar.field(path) == cookie


def test_without_a_path_a_cookie_is_of_its_folder() -> None:
    jar = Jar()
    jar.take("a=1", "/shop/cart?x=/y")
    assert (jar.field("/shop/other"), jar.field("/")) == ("a=1", "")
