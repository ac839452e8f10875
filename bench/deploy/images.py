"""The images: base images pulled, or built from Debian's packages; servers' images built on them."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.catalogue.versions import COMPOSE_FILE, Checkouts
from bench.deploy import ownership
from bench.deploy.engine import Engine
from bench.deploy.packages import differing_pins, pins, server_locks, serving
from bench.machine import process
from bench.model import Deployment
from bench.model.errors import EngineError, UsageError
from bench.model.variant import THIS_CHECKOUT

_PULL_S = 900.0
_SHOWN_LINES = 15
_BUILD_S = 1800.0
# As BuildKit's client begins its last line.
_FAILED = re.compile(r"^(?:ERROR: )?(?:target \S+: )?failed to (?:solve|build)\b", re.MULTILINE)
# Variable of docker-compose.yml, which has the official image -> the image that is built here in its place.
BUILT_HERE = {"PYTHON_IMAGE": "wsgi-bench/python:3.13-trixie", "REDIS_IMAGE": "wsgi-bench/redis:8"}
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
_PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host")

Say = Callable[[str], None]


def base_images(engine: Engine, root: Path, needed: Iterable[str], say: Say) -> dict[str, str]:
    """Have the base images on this machine, pulled or built.

    Args:
        needed: of PYTHON_IMAGE and REDIS_IMAGE.

    Returns:
        The variables for docker-compose.yml.

    Raises:
        EngineError: an image can be had in neither way.
    """
    return {variable: _base_image(engine, root, variable, say) for variable in needed}


def official_image(compose_file: str, variable: str) -> str:
    """The image that docker-compose.yml takes where a variable isn't set: `NAME:TAG@DIGEST`."""
    named = re.findall(rf"\$\{{{variable}:-([^}}]+)\}}", compose_file)
    if len(set(named)) != 1:
        raise UsageError(
            f"docker-compose.yml must name one image in ${{{variable}:-IMAGE}}, and names {len(named)}."
        )
    return str(named[0])


def _base_image(engine: Engine, root: Path, variable: str, say: Say) -> str:
    official = official_image((root / COMPOSE_FILE).read_text(), variable)
    own = BUILT_HERE[variable]
    asked = os.environ.get(variable)
    for image in [asked] if asked else [official, own]:
        if _exists(engine, image):
            return image
    image = asked or official
    say(f"pulling {image}")
    try:
        engine.run("pull", "--quiet", image, timeout_s=_PULL_S)
        return image
    except process.CommandFailed as error:
        reason = error.output.strip().splitlines()[-1:] or ["no reason given"]
        if asked:
            raise EngineError(
                f"{variable} names {asked}, which can't be pulled: {reason[0]} Correct it, or unset it."
            ) from None
    say(f"{image} can't be pulled ({reason[0]}), so base images are built from Debian's packages (a minute)")
    try:
        process.run([str(root / "servers/base/build")], timeout_s=_BUILD_S)
    except OSError as error:
        raise EngineError(
            f"{image} can't be pulled, and {error.filename} can't be run: {error.strerror}. Mend that, or "
            f"measure without containers: --runtime local."
        ) from None
    except process.CommandFailed as error:
        raise EngineError(
            f"{image} can be neither pulled nor built; the end of what servers/base/build said:\n"
            f"{_end(error)}\n"
            f"Mend that, or measure without containers: --runtime local."
        ) from None
    return own


def _end(error: process.CommandFailed) -> str:
    """The last lines of what a command printed, or how it ended where it printed nothing."""
    return _last_lines(error.output) or str(error).rstrip(":\n")


def _last_lines(output: str) -> str:
    return "\n".join(output.strip().splitlines()[-_SHOWN_LINES:])


def build(
    engine: Engine,
    files: Sequence[Path],
    services: Iterable[str],
    bases: Mapping[str, str],
    say: Say,
    version: str = "",
) -> None:
    """Build the images of services of compose files, of which the later override the first.

    Args:
        version: what is said of them where they aren't this checkout's.

    Raises:
        EngineError: a build failed; has the end of its output.
    """
    wanted = sorted(set(services))
    say(f"building the images of {', '.join(wanted)}{version}")
    with pip_config() as pip_config_file:
        environment = {
            **os.environ,
            **bases,
            "BUILD_CA": certificate_authority(),
            "BUILD_PIP_CONF": pip_config_file,
            # Without it, engines before 23.0 would build without BuildKit, and so without secrets.
            "DOCKER_BUILDKIT": "1",
        }
        try:
            # Not with --quiet: Compose that builds by buildx's bake may not read the checkout then.
            output = engine.run_compose(
                *_named(files), "--profile", "bench", "build", *wanted,
                environment=environment, timeout_s=_BUILD_S, merge_errors=True,
            )  # fmt: skip
        except process.CommandFailed as error:
            raise EngineError(f"The images can't be built: {error}") from None
    # Compose 2.40 ends with 0 all the same, and the images of before would be measured.
    if _FAILED.search(output):
        raise EngineError(
            f"The images can't be built; the end of what Docker Compose said:\n"
            f"{_last_lines(output)}\n"
            f"Mend that, or measure without containers: --runtime local."
        )
    ownership.remove_superseded(engine)


def build_as(
    engine: Engine,
    file: Path,
    overriding: Mapping[str, Mapping[str, Any]],
    bases: Mapping[str, str],
    say: Say,
    version: str = "",
) -> None:
    """Build services of a compose file, of which some is to be otherwise: the image's name, its labels.

    Args:
        overriding: what of each service.
        version: see `build`.

    Raises:
        EngineError: a build failed; has the end of its output.
    """
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-images-") as scratch:
        override = Path(scratch, "images.json")
        override.write_text(json.dumps({"services": overriding}, indent=1))
        build(engine, [file, override], overriding, bases, say, version)


def services(engine: Engine, files: Sequence[Path], bases: Mapping[str, str]) -> Mapping[str, Any]:
    """The services of compose files, resolved."""
    output = engine.run_compose(
        *_named(files), "--profile", "*", "config", "--format", "json", environment={**os.environ, **bases}
    )
    resolved: Mapping[str, Any] = json.loads(output).get("services", {})
    return resolved


def _named(files: Sequence[Path]) -> list[str]:
    """What tells Compose to use these files; paths in them are seen from the folder of the first."""
    named = [word for file in files for word in ("--file", str(file))]
    return ["--project-directory", str(files[0].parent), *named]


def locked_versions(checkouts: Checkouts, deployments: Sequence[Deployment]) -> dict[str, str]:
    """The versions of what serves: exactly those of the lock files that the images are built from.

    Of another source those that aren't this one's, as "NAME (old)". Of a user's own application those
    that its image has.
    """
    projects = [deployment.app.project for deployment in deployments if deployment.app.project is not None]
    if projects:
        return {name: version for project in projects for name, version in project.versions.items()}
    root = checkouts[THIS_CHECKOUT].root
    locked = pins(server_locks(root))
    versions = {package: locked[package] for package in serving(deployments) if package in locked}
    for variant in {d.variant for d in deployments if d.variant.source != THIS_CHECKOUT}:
        for name, (before, after) in differing_pins(checkouts[variant.source].root, root).items():
            versions |= {name: after, variant.kind.named(name): before}
    return versions


def python_version(engine: Engine, image: str, run_id: str) -> str:
    """The servers' Python, which isn't the harness's; the driver's image has the same base."""
    isolated = ["--rm", "--network", "none", "--label", f"{ownership.RUN_LABEL}={run_id}"]
    return engine.run("run", *isolated, image, "python", "--version").split()[-1]


def _exists(engine: Engine, image: str) -> bool:
    try:
        engine.run("image", "inspect", "--format", "{{.Id}}", image)
    except process.CommandFailed:
        return False
    return True


def certificate_authority() -> str:
    """The file with the certificate authorities that this machine trusts, if it says so."""
    for variable in _CA_VARIABLES:
        path = os.environ.get(variable)
        if path and Path(path).is_file():
            return str(Path(path).resolve())
    return os.devnull


@contextmanager
def pip_config() -> Iterator[str]:
    """A file with the package index that this machine's pip is configured to use, or an empty one.

    Only addresses that a container reaches, too: a folder of this machine isn't in it.
    """
    options: dict[str, list[str]] = {}
    for line in _pip_config_list().splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in _PIP_OPTIONS:
            words = str(ast.literal_eval(value)).split()
            words = [w for w in words if option == "trusted-host" or w.startswith(("http://", "https://"))]
            if words:
                options[option] = words
    if not options:
        yield os.devnull
        return
    # It may hold a password, so it is this user's alone and gone after the build.
    with tempfile.NamedTemporaryFile("w", prefix="wsgi-bench-pip-", suffix=".conf") as file:
        file.write("[global]\n")
        for option, words in options.items():
            file.write(f"{option} = {' '.join(words)}\n")
        file.flush()
        yield file.name


def _pip_config_list() -> str:
    try:
        return process.run([sys.executable, "-m", "pip", "config", "list"], timeout_s=30)
    except process.CommandFailed:
        # An environment without pip, as uv makes them.
        return ""
