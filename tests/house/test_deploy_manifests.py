"""What starts generators on other hosts: the compose file's profile, and the manifests for Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bench.catalogue.registry import load_servers, variables_used
from bench.cli.worker import worker
from bench.load.elsewhere.keys import SECRET_VARIABLE
from bench.model.hostport import DEFAULT_PORT

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "deploy/k8s"
COMPOSE = ROOT / "docker-compose.yml"
SERVICES: Mapping[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
WORKER = "locust-worker"
# What the schemas of Kubernetes don't have.
KUSTOMIZATION = "Kustomization"


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def objects(variant: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What a kustomization applies, by kind and name."""
    [said] = documents(MANIFESTS / variant / "kustomization.yaml")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for resource in said["resources"]:
        path = MANIFESTS / variant / resource
        if path.is_dir():
            found |= objects(str(path.resolve().relative_to(MANIFESTS)))
        else:
            found |= {(each["kind"], each["metadata"]["name"]): each for each in documents(path)}
    return found


def pod_of(job: Mapping[str, Any]) -> Mapping[str, Any]:
    pod: Mapping[str, Any] = job["spec"]["template"]["spec"]
    return pod


JOBS = [
    pytest.param(each, id=f"{variant} {name}")
    for variant in ("outside", "inside")
    for (kind, name), each in objects(variant).items()
    if kind == "Job"
]


@pytest.mark.parametrize("path", sorted(MANIFESTS.rglob("*.yaml")), ids=lambda path: path.parent.name)
def test_manifests_are_what_kubernetes_takes(path: Path) -> None:
    for each in documents(path):
        if each["kind"] != KUSTOMIZATION:
            kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_a_field_that_is_misspelt_would_be_seen() -> None:
    job = objects("base")["Job", WORKER]
    job["spec"]["paralelism"] = 4

    with pytest.raises(kubernetes_validate.ValidationError, match="paralelism"):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_every_manifest_is_in_a_kustomization() -> None:
    named = {
        (path.parent / resource).resolve()
        for path in MANIFESTS.rglob("kustomization.yaml")
        for resource in documents(path)[0]["resources"]
    }

    assert {path for path in MANIFESTS.rglob("*.yaml") if path.name != "kustomization.yaml"} <= named
    assert all(path.exists() for path in named)


@pytest.mark.parametrize("job", JOBS)
def test_a_pod_may_nothing_but_what_it_is_for(job: Mapping[str, Any]) -> None:
    pod = pod_of(job)

    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod.keys().isdisjoint({"hostNetwork", "hostPID", "hostIPC"})
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        # Guaranteed, with whole CPUs: only then can one be the pod's alone.
        limits = container["resources"]["limits"]
        assert limits == container["resources"]["requests"]
        assert limits["cpu"].isdecimal()
        secret = {one["name"]: one for one in container["env"]}[SECRET_VARIABLE]
        assert secret["valueFrom"]["secretKeyRef"] == {"name": "wsgi-bench", "key": "secret"}
    # Nobody's load, and nobody's master, is made beside what is measured.
    [apart] = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["labelSelector"]["matchLabels"] == {"wsgi-bench/role": "server"}


def test_generators_are_as_many_as_they_are_side_by_side() -> None:
    job = objects("base")["Job", WORKER]
    pod = pod_of(job)
    [container] = pod["containers"]

    assert job["spec"]["parallelism"] == job["spec"]["completions"]
    assert job["spec"]["backoffLimit"] > 0
    # What `wsgi-bench worker` ends with where it is refused.
    [rule] = job["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert rule["onExitCodes"]["values"] == [2]
    [spread] = pod["topologySpreadConstraints"]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert spread["labelSelector"]["matchLabels"].items() <= labels.items()
    assert container["resources"]["limits"]["cpu"] == "1"
    assert container["image"] == SERVICES["driver"]["image"]


@pytest.mark.parametrize("variant", ["outside", "inside"])
def test_generators_ask_for_the_master_by_its_service(variant: str) -> None:
    found = objects(variant)
    [container] = pod_of(found["Job", WORKER])["containers"]
    name, _, port = {one["name"]: one.get("value", "") for one in container["env"]}[
        "WSGI_BENCH_MASTER"
    ].partition(":")
    service = found["Service", name]

    assert container["command"][-2:] == ["--master", "$(WSGI_BENCH_MASTER)"]
    assert int(port) == DEFAULT_PORT
    assert service["spec"]["clusterIP"] == "None"
    assert [one["port"] for one in service["spec"]["ports"]] == [DEFAULT_PORT]


def test_the_service_of_a_master_outside_is_its_address() -> None:
    found = objects("outside")
    [(name, slices)] = [(key[1], each) for key, each in found.items() if key[0] == "EndpointSlice"]

    assert "selector" not in found["Service", name]["spec"]
    assert slices["metadata"]["labels"]["kubernetes.io/service-name"] == name
    assert slices["ports"] == found["Service", name]["spec"]["ports"]


def test_the_master_inside_waits_for_as_many_as_there_are() -> None:
    found = objects("inside")
    run, generators = found["Job", "wsgi-bench"], found["Job", WORKER]
    [container] = pod_of(run)["containers"]

    labels = run["spec"]["template"]["metadata"]["labels"]
    assert found["Service", "wsgi-bench-master"]["spec"]["selector"].items() <= labels.items()
    assert f"--generators={generators['spec']['parallelism']}" in container["args"]
    assert "--bind=$(POD_IP)" in container["args"]
    [kustomization] = documents(MANIFESTS / "inside/kustomization.yaml")
    [patch] = kustomization["patches"]
    [change] = yaml.safe_load(patch["patch"])
    # One image: the same version and Python on both sides.
    assert change["value"] == container["image"]
    assert run["spec"]["backoffLimit"] == 0


def test_a_worker_of_the_compose_file_is_a_driver_and_no_server() -> None:
    service = SERVICES[WORKER]

    assert service["profiles"] == ["generators"]
    assert (service["image"], service["build"]) == (SERVICES["driver"]["image"], SERVICES["driver"]["build"])
    assert service["command"][:4] == ["python", "-m", "bench", worker.name]
    assert "ports" not in service
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert WORKER not in load_servers(COMPOSE, {})


def test_its_profile_starts_nothing_else() -> None:
    assert [name for name, service in SERVICES.items() if not service.get("profiles")] == []
    assert [name for name, service in SERVICES.items() if "generators" in service["profiles"]] == [WORKER]


def test_the_secret_stands_in_no_file_and_in_no_result() -> None:
    # Without a value it is the shell's.
    assert SERVICES[WORKER]["environment"] == {SECRET_VARIABLE: None}
    shell = {SECRET_VARIABLE: "a secret", "WSGI_BENCH_MASTER": "10.0.0.1", "WORKERS": "2"}
    assert variables_used(COMPOSE, shell) == {"WORKERS": "2"}
