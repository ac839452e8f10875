"""What SECURITY.md says of addresses, ports and names is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from bench.catalogue.application import INHERITED
from bench.catalogue.consent import FLAG
from bench.cli.running import resume, run
from bench.cli.verbs import cli
from bench.cli.webui import webui

ROOT = Path(__file__).parents[2]
SECURITY = " ".join((ROOT / "SECURITY.md").read_text().split())


def test_what_a_server_inherits_is_named() -> None:
    (sentence,) = re.findall(r"Of your environment a server gets[^.]*\.", SECURITY)

    assert set(re.findall(r"`(\w+)`", sentence)) == {*INHERITED, "PATH"}


def test_only_servers_are_published_and_on_this_machine_alone() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    published = {port: name for name, service in services.items() for port in service.get("ports", ())}
    ports = []
    for port, name in published.items():
        address, outside, inside = port.split(":")
        assert (address, inside) == ("127.0.0.1", "8000"), name
        assert "x-server" in services[name]
        ports.append(int(outside))

    assert f"the servers on 127.0.0.1, ports {min(ports)} to {max(ports)}" in SECURITY


def test_where_locusts_page_listens_is_said() -> None:
    (port,) = [option.default for option in webui.params if option.name == "port"]

    assert f"locust's page on 127.0.0.1:{port}" in SECURITY


def test_consent_is_an_option_without_a_variable() -> None:
    """Click reads an option from a variable where it is told one."""
    assert f"is refused without `{FLAG}`" in SECURITY
    for verb in (run, resume):
        (option,) = [one for one in verb.params if FLAG in one.opts]
        assert option.envvar is None
        assert not cli.context_settings.get("auto_envvar_prefix")
