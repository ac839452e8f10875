"""Beside a locust file nothing that a front page answers is a refusal, but a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.ask.locust import FRONT_PAGE
from bench.preflight.refusals import beside_the_file
from tests.preflight.looking import look, write

ANSWERS = """
def application(environ, start_response):
    start_response({status!r}, [('Content-Type', 'text/plain')])
    return [b'{body}']
"""
RAISES = """
def application(environ, start_response):
    raise LookupError('no such shop')
"""
DJANGO = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=False, SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["shop.example"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
urlpatterns = [path("", lambda request: HttpResponse("right"))]
application = get_wsgi_application()
"""
REST = "the locust file says what is asked, and nothing of it was tried"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (ANSWERS.format(status="200 OK", body="right"), ()),
        (ANSWERS.format(status="404 Not Found", body=""), (f"GET / answers 404; {REST}",)),
        (ANSWERS.format(status="302 Found", body=""), (f"GET / answers 302; {REST}",)),
        (RAISES, (f"GET / raises LookupError: no such shop in web.py:3; {REST}",)),
        (DJANGO, (f"GET / answers 400 from ALLOWED_HOSTS, which has to allow 127.0.0.1; {REST}",)),
    ],
    ids=["right", "404", "302", "raises", "host"],
)
def test_what_the_front_page_answers_is_said(tmp_path: Path, text: str, sentences: tuple[str, ...]) -> None:
    write(tmp_path, {"web.py": text})
    looked = look(tmp_path, "web:application", FRONT_PAGE)

    assert looked.seen.trouble is None
    assert beside_the_file(looked.seen, FRONT_PAGE) == sentences
