"""What a build gets of this machine's own configuration, and the compose file that a run makes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.catalogue.registry import load_servers
from bench.deploy.composefile import coming_first, confinement, run_file
from bench.deploy.images import certificate_authority, pip_config
from bench.machine.priority import WEIGHT
from bench.model import App, CpuSplit, Deployment
from bench.model.errors import UsageError
from bench.model.variant import THIS_CHECKOUT, TWIN, Variant

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
WHERE: dict[str, Any] = {"subnets": ["198.18.0.0/28"], "cgroups": "2"}
CPUS = CpuSplit(server=(2, 3), generator=(0,), store=(1,))


@pytest.fixture
def no_pip_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any pip configuration but the file that is returned."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(tmp_path))
    path = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    return path


def test_a_configured_package_index_goes_into_the_build_and_folders_do_not(no_pip_settings: Path) -> None:
    no_pip_settings.write_text(
        "[global]\nindex-url = https://user:secret@mirror.example/simple\n"
        "extra-index-url =\n    https://more.example/simple\n    file:///somewhere\n"
        "find-links = /somewhere\ncert = /somewhere/ca.pem\n[install]\ntrusted-host = mirror.example\n"
    )

    with pip_config() as path:
        assert Path(path).stat().st_mode & 0o077 == 0
        lines = Path(path).read_text().splitlines()

    assert lines[0] == "[global]"
    assert set(lines[1:]) == {
        "index-url = https://user:secret@mirror.example/simple",
        "extra-index-url = https://more.example/simple",
        "trusted-host = mirror.example",
    }
    assert not Path(path).exists()


def test_without_a_configured_index_the_build_gets_nothing(no_pip_settings: Path) -> None:
    no_pip_settings.write_text("[global]\nfind-links = /somewhere\n")

    with pip_config() as path:
        assert Path(path).read_text() == ""


def test_the_certificate_authority_is_found_where_the_machine_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    assert Path(certificate_authority()).read_text() == ""

    authority = tmp_path / "ca.pem"
    authority.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("PIP_CERT", str(authority))
    assert certificate_authority() == str(authority)


def project(**services: dict[str, Any]) -> dict[str, Any]:
    server = {
        "image": "i",
        "build": {},
        "ports": ["1:1"],
        "secrets": ["s"],
        "x-server": {},
        "read_only": True,
    }
    return {"services": {"gunicorn": server, "driver": {"image": "d"}, "redis": {"image": "r"}, **services}}


def deployment(*, redis: bool) -> Deployment:
    app = App("shop", "shop.wsgi:app", ("get",), redis=redis, seed=())
    return Deployment("gunicorn-twin.shop", SERVERS["gunicorn"], app, database=7, variant=Variant(TWIN))


def test_a_runs_compose_file_has_a_service_for_each_deployment_and_nothing_published() -> None:
    file = run_file(
        {THIS_CHECKOUT: project(other={"image": "o"})["services"]},
        [deployment(redis=True)],
        CPUS,
        {"l": "v"},
        "run-1",
        **WHERE,
    )

    assert set(file["services"]) == {"gunicorn-twin.shop", "redis", "driver"}
    server = file["services"]["gunicorn-twin.shop"]
    assert server["environment"]["APP"] == "shop.wsgi:app"
    assert server["environment"]["REDIS_DB"] == "7"
    assert server["container_name"] == "run-1-gunicorn-twin.shop"
    assert server["read_only"]
    assert not {"build", "ports", "secrets", "depends_on", "x-server"} & set(server)
    assert [s["cpuset"] for s in file["services"].values()] == ["2,3", "1", "0"]
    assert all(s["labels"] == {"l": "v"} for s in [*file["services"].values(), *file["networks"].values()])
    assert all(network["internal"] for network in file["networks"].values())


def test_all_services_come_first_alike() -> None:
    known = {THIS_CHECKOUT: project()["services"]}
    wanted = [deployment(redis=True)]
    first = coming_first("1", "cgroupfs")

    file = run_file(known, wanted, CPUS, {}, "run-1", first=first, **WHERE)
    plain = run_file(known, wanted, CPUS, {}, "run-1", **WHERE)

    assert first == {"cpu_shares": 29102, "cgroup_parent": "/"}
    assert all(first.items() <= service.items() for service in file["services"].values())
    assert {confinement(service).weight for service in file["services"].values()} == {WEIGHT}
    assert {confinement(service).weight for service in plain["services"].values()} == {None}
    # systemd takes slices, not paths.
    assert coming_first("2", "systemd") == {"cpu_shares": 74600}


def test_redis_is_left_out_where_no_app_needs_it() -> None:
    file = run_file(
        {THIS_CHECKOUT: project()["services"]}, [deployment(redis=False)], CPUS, {}, "run-1", **WHERE
    )

    assert "redis" not in file["services"]


def test_a_dollar_in_a_command_stays_a_dollar() -> None:
    wanted = deployment(redis=False)
    odd = replace(wanted, server=replace(wanted.server, command=("echo", "$HOME")))

    file = run_file({THIS_CHECKOUT: project()["services"]}, [odd], CPUS, {}, "run-1", **WHERE)

    assert file["services"][odd.name]["command"] == ["echo", "$$HOME"]


def test_a_service_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match="no service driver, gunicorn"):
        run_file({THIS_CHECKOUT: {"redis": {}}}, [deployment(redis=True)], CPUS, {}, "run-1", **WHERE)
