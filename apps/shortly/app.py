"""Shortly: the URL map, a view for each of its endpoints, and the error pages."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable
from werkzeug.routing import BaseConverter, Map, MapAdapter, RequestRedirect, Rule
from werkzeug.utils import redirect

from apps.shortly.links import LinkStore, StoreRefusesError, StoreUnavailableError
from apps.shortly.middleware import SecurityHeaders, StaticFiles
from apps.shortly.urls import RefusedURLError, hostname, normalize, readable

ROOT = Path(__file__).parent
RETRY_AFTER_S = 5
MAX_FORM_BYTES = 16 * 1024

logger = logging.getLogger("shortly")


class ShortIdConverter(BaseConverter):
    """A number in base 36, as large as Redis can count."""

    regex = "[0-9a-z]{1,13}"


class ShortlyRequest(Request):
    """A request that knows its place in the URL map, with a small limit on forms."""

    max_content_length = MAX_FORM_BYTES
    max_form_memory_size = MAX_FORM_BYTES
    max_form_parts = 10
    adapter: MapAdapter


class Shortly:
    """A URL shortener. The instance is the WSGI callable; middleware wraps its `wsgi_app`."""

    def __init__(self, links: LinkStore) -> None:
        self.links = links
        self.wsgi_app: WSGIApplication = self.respond
        self.templates = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
        )
        self.templates.filters.update(hostname=hostname, readable=readable)
        self.url_map = Map(
            [
                Rule("/", endpoint="home", methods=["GET", "POST"]),
                Rule("/-/live", endpoint="live", methods=["GET"]),
                Rule("/-/ready", endpoint="ready", methods=["GET"]),
                Rule("/static/<path:name>", endpoint="static", methods=["GET"]),
                Rule("/<id:short_id>", endpoint="follow", methods=["GET"]),
                Rule("/<id:short_id>+", endpoint="details", methods=["GET"]),
            ],
            converters={"id": ShortIdConverter},
            merge_slashes=False,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.wsgi_app(environ, start_response)

    def respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The application without middleware."""
        request = ShortlyRequest(environ)
        return self.dispatch(request)(environ, start_response)

    def dispatch(self, request: ShortlyRequest) -> Response:
        """Call the view for the request's path and method; turn what goes wrong into an error page."""
        try:
            request.adapter = self.url_map.bind_to_environ(request.environ)
            endpoint, arguments = request.adapter.match()
            response: Response = getattr(self, f"on_{endpoint}")(request, **arguments)
        except RequestRedirect as error:
            return error.get_response(request.environ)
        except HTTPException as error:
            return self.error_page(request, error)
        except StoreUnavailableError as error:
            if isinstance(error, StoreRefusesError):
                trouble = "No new links can be stored at the moment. Try again later."
                logger.warning("Redis doesn't write: %s", error)
            else:
                trouble = "The links can't be reached. Try again soon."
                logger.warning("Redis is unavailable: %s", error)
            return self.error_page(request, ServiceUnavailable(trouble, retry_after=RETRY_AFTER_S))
        return response

    def on_home(self, request: ShortlyRequest) -> Response:
        """Show the form, or shorten the URL that was sent with it."""
        if request.method != "POST":
            return self.page("home.html", request, url="", error=None)
        typed = request.form.get("url", "").strip(" ")
        try:
            url = normalize(typed, request.host)
        except RefusedURLError as error:
            return self.page("home.html", request, 400, url=typed, error=str(error))
        short_id = self.links.create(url)
        return redirect(request.adapter.build("details", {"short_id": short_id}), 303)

    def on_follow(self, request: ShortlyRequest, short_id: str) -> Response:
        """Redirect to a link's target, and count that; HEAD is answered alike and not counted."""
        look_up = self.links.target if request.method == "HEAD" else self.links.follow
        target = look_up(short_id)
        if target is None:
            raise NotFound("There is no short link at this address.")
        response = redirect(target, 302)
        # A cached redirect would hide clicks from the count.
        response.headers["Cache-Control"] = "no-store"
        return response

    def on_details(self, request: ShortlyRequest, short_id: str) -> Response:
        """Show where a link leads and how often it was followed."""
        link = self.links.details(short_id)
        if link is None:
            raise NotFound("There is no short link at this address.")
        short_url = request.adapter.build("follow", {"short_id": short_id}, force_external=True)
        return self.page("details.html", request, link=link, short_url=short_url)

    def on_static(self, _request: ShortlyRequest, name: str) -> Response:
        """The middleware has no such file, or isn't there."""
        raise NotFound(f"There is no file named {name}.")

    def on_live(self, _request: ShortlyRequest) -> Response:
        """Say that the process answers, whether or not Redis does."""
        return Response("live\n", headers={"Cache-Control": "no-store"})

    def on_ready(self, _request: ShortlyRequest) -> Response:
        """Say that every request can be served: Redis answers and writes, too."""
        self.links.check()
        return Response("ready\n", headers={"Cache-Control": "no-store"})

    def error_page(self, request: ShortlyRequest, error: HTTPException) -> Response:
        """Render an error, with the headers that belong to it (`Allow`, `Retry-After`)."""
        template = "not_found.html" if isinstance(error, NotFound) else "error.html"
        page = self.page(template, request, error.code or 500, error=error)
        for name, value in error.get_headers(request.environ):
            if name != "Content-Type":
                page.headers[name] = value
        return page

    def page(self, template: str, request: ShortlyRequest, status: int = 200, **values: Any) -> Response:
        """Render a template; `root` is the path that the application is mounted at, without a slash."""
        text = self.templates.get_template(template).render(values, root=request.root_path)
        return Response(text, status, mimetype="text/html")


def create_app(
    redis_host: str = "localhost",
    redis_port: int = 6379,
    with_static: bool = True,
    *,
    redis_db: int = 0,
    threads: int = 4,
) -> Shortly:
    """Make the application. It doesn't connect to Redis before a request needs it.

    Args:
        with_static: serve `/static` too; False where a web server in front does.
        threads: requests that the process handles at once: the most connections to Redis that it opens.
    """
    app = Shortly(LinkStore(redis_host, redis_port, redis_db, threads))
    if with_static:
        app.wsgi_app = StaticFiles(app.wsgi_app, {"/static": str(ROOT / "static")})
    app.wsgi_app = SecurityHeaders(app.wsgi_app)
    return app
