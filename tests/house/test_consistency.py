"""What is written in more than one place says the same everywhere."""

from __future__ import annotations

import re
import tomllib
from inspect import isclass
from pathlib import Path

import pytest
import yaml

from bench import model
from bench.ask import resolution
from bench.ask.documented import documented
from bench.ask.measured_servers import default_servers, servers_for_project
from bench.ask.settings import SETTINGS
from bench.catalogue.registry import load_servers
from bench.machine.process import CommandFailed, run
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.run.calibrate import NULL_DEPLOYMENT
from tests.adding import servers_of
from tests.required import lacks

ROOT = Path(__file__).parents[2]
LOCKS = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("requirements*.lock"), *ROOT.glob("servers/*/requirements.txt")]
)


def _committed() -> list[Path]:
    """Every file that git knows; what is in the folder beside them is its owner's business."""
    try:
        names = run(["git", "ls-files", "-z"], cwd=ROOT).split("\0")
    except (FileNotFoundError, CommandFailed) as failure:
        lacks(f"This needs git and a clone: {failure}")
    return [ROOT / name for name in names if name]


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_a_lock_file_pins_and_hashes_everything_and_names_no_index(lock: Path) -> None:
    requirements = (ROOT / lock).read_text().replace("\\\n", "").splitlines()

    assert requirements
    for line in requirements:
        assert re.match(r"[a-z0-9.-]+==\S+ (; [^#]+ )? *(--hash=sha256:[0-9a-f]{64} *)+$", line), line[:80]


def test_a_container_has_room_for_as_many_connections_as_can_be_asked_for() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    users = max(SETTINGS["users"].highest, IN_FLIGHT_CAP)

    for name, service in services.items():
        if name != "redis":
            assert users < service["ulimits"]["nofile"], name
        if "x-server" in service:
            # A thread is one of these, too.
            assert users < service["pids_limit"], name
        assert service["logging"]["options"].keys() >= {"max-size", "max-file"}, name


def test_the_null_server_is_in_a_container_what_it_is_as_a_child_process() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["null"]

    assert tuple(service["command"]) == NULL_DEPLOYMENT.server.command
    assert service["stop_signal"] == NULL_DEPLOYMENT.server.stop_signal


def test_a_server_with_a_thread_a_connection_says_as_many_as_open_load_makes() -> None:
    for name, service in servers_of(ROOT).items():
        if "a thread a connection" in service["x-server"]["concurrency"]:
            assert service["environment"]["THREADS"] == str(IN_FLIGHT_CAP), name


def test_no_committed_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    # Put together here, or this file would be the first to name them.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry" + ".npmjs", "deb.debian" + ".org"]
    places = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]"]
    forbidden = re.compile("|".join([*map(re.escape, hosts), *places]))
    found = []
    for path in _committed():
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in forbidden.finditer(text)]

    assert not found, "\n".join(found)


def test_the_documented_settings_are_those_that_are_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    (tmp_path / "bench.toml").write_text(example[1])
    (tmp_path / "apps").mkdir()
    for name in ("docker-compose.yml", "apps/apps.toml"):
        (tmp_path / name).symlink_to(ROOT / name)

    found = resolution.resolve({}, tmp_path, {})

    assert [server.name for server in found.servers] == tomllib.loads(example[1])["servers"]
    assert found.profile.rounds == tomllib.loads(example[1])["rounds"]
    assert documented() in page, f"docs/configuration.md lacks this table:\n\n{documented()}"


def test_help_names_the_servers_that_are_measured_by_default() -> None:
    known = load_servers(ROOT / "docker-compose.yml", {})
    usual, _, projects = SETTINGS["servers"].otherwise.partition("; behind your own application ")
    for named, servers in ((usual, default_servers(known)), (projects, servers_for_project(known))):
        assert set(re.split(", | and ", named)) == {server.name for server in servers}


def test_the_glossary_has_every_class_of_the_model() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    classes = [name for name in model.__all__ if isclass(getattr(model, name))]

    assert len(classes) > 20
    assert [name for name in classes if f"(`{name}`)" not in glossary] == []


def test_documents_link_to_files_that_exist() -> None:
    broken = []
    for path in _committed():
        if path.suffix != ".md" or "golden" in path.parts or not path.is_file():
            continue
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            target = link.partition("#")[0]
            if "://" not in link and target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {link}")

    assert not broken, "\n".join(broken)
