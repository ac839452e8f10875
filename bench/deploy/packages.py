"""The distributions that serve, whose versions belong to a result."""

from __future__ import annotations

from collections.abc import Sequence

from bench.model import Deployment

_OF_APPS = ("flask", "jinja2", "redis", "werkzeug")
# Used where they are installed, without a word: gunicorn/http/message.py takes its C parser so.
_SILENT = {"gunicorn": ("gunicorn-h1c",)}


def serving(deployments: Sequence[Deployment]) -> tuple[str, ...]:
    """Names of what may serve these deployments, each once; not all need be installed."""
    found: dict[str, None] = {}
    for deployment in deployments:
        package = deployment.server.package
        found |= dict.fromkeys((package, *_SILENT.get(package, ())))
    return tuple(name for name in (*found, *(p for p in _OF_APPS if p not in found)) if name)
