"""Flask's application object is a PEP 3333 callable: this one serves the page of `apps.hello`."""

from __future__ import annotations

from flask import Flask, Response

application = Flask(__name__, static_folder=None)


@application.get("/")
def hello() -> Response:
    """The page, as plain text in UTF-8."""
    return Response("Hello, World!", mimetype="text/plain")
