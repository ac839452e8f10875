"""Whose process a container's number is."""

from __future__ import annotations

import os
from pathlib import Path

from bench.catalogue.registry import load_servers
from bench.deploy.container import usage_source
from bench.deploy.packages import serving
from bench.machine.place import HERE
from bench.model import App, Deployment, UsageSource

ROOT = Path(__file__).parents[2]
ID = "0123456789abcdef" * 4


def test_a_number_that_is_another_process_here_is_not_taken_for_the_container() -> None:
    assert usage_source(os.getpid(), ID, HERE) == UsageSource("none")
    assert usage_source(0, ID, HERE) == UsageSource("none")
    # No process can have it: /proc/sys/kernel/pid_max is at most this.
    assert usage_source(4_194_304, ID, HERE) == UsageSource("none")


def test_what_a_server_uses_without_a_word_is_named_with_it() -> None:
    servers = load_servers(ROOT / "docker-compose.yml", {})
    app = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())
    names = {name: serving([Deployment(name, server, app, database=1)]) for name, server in servers.items()}

    assert "gunicorn-h1c" in names["gunicorn"]
    assert "gunicorn-h1c" in names["gunicorn-sync"]
    assert not [name for name, found in names.items() if "gunicorn" not in name and "gunicorn-h1c" in found]
    assert all("" not in found and len(set(found)) == len(found) for found in names.values())
