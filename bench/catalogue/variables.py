"""The environment variables of a server: the compose file's, some of them with a run's own values.

Made here for those who start servers and for the report, so that it shows what the processes got.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.model import Deployment

PORT = 8000
"""On which servers listen in their containers."""
REDIS = "redis"
_REDIS_PORT = "6379"


def of_container(deployment: Deployment) -> dict[str, str]:
    """The variables of a server in a container of a run."""
    store = {"REDIS_HOST": REDIS, "REDIS_PORT": _REDIS_PORT}
    return _variables(deployment, f"0.0.0.0:{PORT}", deployment.database, store)


def of_child(
    deployment: Deployment,
    port: int | str,
    database: int,
    store: tuple[str, int | str] | None,
    address: str = "127.0.0.1",
) -> dict[str, str]:
    """The variables of a server that is a child process, beside those that it inherits.

    Args:
        port, address: on which it listens.
        store: host and port of Redis; None without one.
    """
    redis = {"REDIS_HOST": store[0], "REDIS_PORT": str(store[1])} if store is not None else {}
    if deployment.server.own:
        # What names its application, and how many workers it has, is its own affair.
        redis |= {"REDIS_DB": str(database)} if deployment.app.redis else {}
        return {**deployment.server.environment, "PORT": str(port), **redis, "PYTHONUNBUFFERED": "1"}
    return {**_variables(deployment, f"{address}:{port}", database, redis), "PYTHONUNBUFFERED": "1"}


def _variables(deployment: Deployment, bind: str, database: int, store: Mapping[str, str]) -> dict[str, str]:
    return {
        **deployment.server.environment,
        "APP": deployment.app.callable,
        "BIND": bind,
        "REDIS_DB": str(database),
        **({"TRUSTED_PROXY": "*"} if deployment.app.project and deployment.app.project.proxied else {}),
        **store,
    }
