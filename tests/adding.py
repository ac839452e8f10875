"""What is wrong with how a server or an application was added, each as a sentence that says what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import yaml

# The harness has no server of its own in these folders: `base` builds images, `driver` sends the load.
_NOT_SERVERS = frozenset({"base", "driver", "null"})
_LOCK = "run `make lock` and commit what it writes"
_BOTH = (
    'in pyproject.toml, [dependency-groups], give it a group of its own and, in the group "servers", '
    '{{ include-group = "{0}" }}; then ' + _LOCK
)


def servers_of(root: Path) -> dict[str, Any]:
    """The compose services that are servers: those with an `x-server` block."""
    services = yaml.safe_load((root / "docker-compose.yml").read_text())["services"]
    return {name: service for name, service in services.items() if "x-server" in service}


def pins(lock: Path) -> dict[str, set[str]]:
    """What a lock file names: the versions of each distribution; nothing if it isn't there."""
    found: dict[str, set[str]] = {}
    text = lock.read_text() if lock.is_file() else ""
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def problems(root: Path) -> list[str]:
    """Everything about servers and applications in which the files of a checkout disagree."""
    services = servers_of(root)
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    included = {entry["include-group"] for entry in groups["servers"]}
    return [
        *_folders(root, services, included),
        *_packages(root, services),
        *_table(root, services),
        *_locks(root, included | _NOT_SERVERS),
        *_apps(root),
    ]


def _folders(root: Path, services: Mapping[str, Any], included: Set[str]) -> Iterator[str]:
    folders = {path.parent.name for path in root.glob("servers/*/requirements.txt")} - _NOT_SERVERS
    built = {service["build"]["args"]["SERVER"] for service in services.values()}
    for name in sorted(built | included):
        if name not in included:
            yield f"{name} is built by docker-compose.yml, but isn't locked: {_BOTH.format(name)}."
        elif name not in folders:
            yield f"servers/{name}/requirements.txt is missing: {_LOCK}."
    for name in sorted((folders | included) - built):
        yield (
            f"no service with an `x-server` block in docker-compose.yml builds {name} (build.args.SERVER): "
            f"add its service, or take {name} out of servers/ and pyproject.toml."
        )


def _packages(root: Path, services: Mapping[str, Any]) -> Iterator[str]:
    for name, service in services.items():
        package, folder = service["x-server"]["package"], service["build"]["args"]["SERVER"]
        locked = pins(root / "servers" / folder / "requirements.txt")
        if package and locked and package not in locked:
            yield (
                f"docker-compose.yml says that {name} is the package {package}, which "
                f"servers/{folder}/requirements.txt hasn't: name it in the group {folder} of pyproject.toml, "
                f"{_LOCK}; or correct x-server.package."
            )


def _locks(root: Path, known: Set[str]) -> Iterator[str]:
    """Containers run the versions that the tests ran."""
    whole = pins(root / "requirements.lock")
    for lock in sorted(root.glob("servers/*/requirements.txt")):
        if lock.parent.name not in known:
            continue
        for name, versions in pins(lock).items():
            if whole.get(name) != versions:
                there = ", ".join(sorted(whole.get(name, {"missing"})))
                yield (
                    f"{name} is {', '.join(sorted(versions))} in {lock.relative_to(root)}, but {there} in "
                    f"requirements.lock: {_LOCK}."
                )


def _table(root: Path, services: Mapping[str, Any]) -> Iterator[str]:
    readme = (root / "README.md").read_text()
    table = readme.partition("<!-- servers:begin -->\n")[2].partition("<!-- servers:end -->")[0]
    rows = [" | ".join(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()[2:]]
    wanted = [_row(name, service) for name, service in services.items()]
    yield from (f"README.md's table of servers lacks the row: | {row} |" for row in wanted if row not in rows)
    yield from (
        f"README.md's table of servers has a row of which docker-compose.yml says otherwise: | {row} |"
        for row in rows
        if row not in wanted
    )


def _row(name: str, service: Mapping[str, Any]) -> str:
    about = service["x-server"]
    return " | ".join(
        (
            f"`{name}`",
            f"[{about['title']}]({about['docs']})",
            about["concurrency"],
            "yes" if about["keep_alive"] else "no",
            "yes" if about["default"] else "no",
            service["ports"][0].split(":")[1],
        )
    )


def _apps(root: Path) -> Iterator[str]:
    apps = tomllib.loads((root / "apps/apps.toml").read_text())
    for name, app in apps.items():
        module = app["callable"].partition(":")[0]
        path = Path(module.replace(".", "/")).with_suffix(".py")
        if not (root / path).is_file():
            yield f"apps/apps.toml, [{name}]: {path} doesn't exist: write it, or correct callable."
        for scenario in app["scenarios"]:
            if not (root / "bench/catalogue/scenarios" / f"{scenario}.py").is_file():
                known = sorted(path.stem for path in (root / "bench/catalogue/scenarios").glob("[a-z]*.py"))
                yield (
                    f"apps/apps.toml, [{name}]: there is no scenario {scenario} "
                    f"(bench/catalogue/scenarios/{scenario}.py): write it, or name one of {', '.join(known)}."
                )
    listed = {app["callable"].split(".")[1] for app in apps.values() if app["callable"].startswith("apps.")}
    for wsgi in sorted(root.glob("apps/*/wsgi.py")):
        name = wsgi.parent.name
        if name not in listed:
            yield (
                f"apps/{name}/ is an application that apps/apps.toml doesn't list: add [{name}] with "
                f'callable = "apps.{name}.wsgi:application" and scenarios.'
            )
