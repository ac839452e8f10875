"""`application` for a WSGI server, from REDIS_HOST, REDIS_PORT, REDIS_DB and THREADS."""

from __future__ import annotations

from apps.shortly.app import create_app
from apps.shortly.settings import from_environment

_settings = from_environment()

application = create_app(
    _settings.redis_host,
    _settings.redis_port,
    redis_db=_settings.redis_db,
    threads=_settings.threads,
)
