"""Images for an application of the user's own: built from its Dockerfile or its requirements, and with the
servers laid over them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.catalogue.home import HOME, PACKAGE
from bench.catalogue.python import Interpreter
from bench.catalogue.requirements import Needs
from bench.deploy import images
from bench.deploy.engine import Engine
from bench.deploy.overlay import Overlay
from bench.machine import process, uv
from bench.model.errors import EngineError, UsageError

OURS = "/opt/wsgi-bench"
"""The folder of an image in which everything of the harness is."""
_FILE = HOME / "servers/project.Dockerfile"
# What of a project no application is served from.
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "wsgi-bench-results"})


def of_dockerfile(engine: Engine, file: Path, name: str, labels: Mapping[str, str], say: images.Say) -> None:
    """Build the user's image from its Dockerfile, in that file's folder.

    Its build may mount the secrets `ca` and `pip_conf`: what this machine trusts, and its package index.

    Raises:
        UsageError: that failed; has the end of what was said.
    """
    build = {"context": literal(str(file.parent)), "dockerfile": literal(str(file))}
    try:
        _build(engine, name, build, labels, say)
    except EngineError as error:
        told = str(error).replace("The images can't be built", f"--dockerfile {file}: it can't be built")
        raise UsageError(
            told.replace("Mend that, or measure without containers: --runtime local.", "")
        ) from None


def of_project(
    engine: Engine,
    folder: Path,
    needs: Needs | None,
    base: str,
    interpreter: Interpreter,
    name: str,
    labels: Mapping[str, str],
    shell: Mapping[str, str],
    say: images.Say,
) -> None:
    """Build an image of the project in a folder, with what it needs, on a base image.

    Args:
        interpreter: of the base image.

    Raises:
        UsageError: what it needs can't be had there.
    """
    with _scratch() as context:
        shutil.copytree(folder, context / "project", symlinks=True, ignore=_left_out)
        packages = context / "packages"
        packages.mkdir()
        if needs is not None:
            _install(needs, interpreter, packages, shell, say)
            inside = [path.relative_to(folder) for path in needs.linked if path.is_relative_to(folder)]
            paths = [f"/srv/project/{path}{sub}" for path in inside for sub in ("/src", "")]
            (packages / "wsgi_bench_projects.pth").write_text("\n".join(paths) + "\n")
        minor = ".".join(interpreter.version.split(".")[:2])
        arguments = {"IMAGE": base, "PACKAGES": f"lib/python{minor}/site-packages"}
        build = {"context": str(context), "target": "project", "args": arguments}
        _build(engine, name, build, labels, say, _FILE.read_text())


def laid_over(
    engine: Engine,
    image: str,
    interpreter: Interpreter,
    overlays: Mapping[str, Overlay],
    name: str,
    labels: Mapping[str, str],
    say: images.Say,
) -> Mapping[str, str]:
    """Build an image with the servers laid over another one, which stays as it is.

    Returns:
        By server, the folder in it that is to end PYTHONPATH.
    """
    folders: dict[str, str] = {}
    with _scratch() as context:
        for part in ("servers", "preflight"):
            source = HOME / "servers" if part == "servers" else PACKAGE / "preflight/child"
            shutil.copytree(source, context / part, ignore=shutil.ignore_patterns("__pycache__", "base"))
        for server, overlay in overlays.items():
            if overlay.folder:
                target = context / "packages" / Path(overlay.folder).name
                if not target.exists():
                    shutil.copytree(overlay.folder, target)
                folders[server] = f"{OURS}/packages/{target.name}"
        for path in context.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        # The one word of the file that is the image's own.
        text = _FILE.read_text().replace('"python"', json.dumps(interpreter.python))
        build = {"context": str(context), "target": "served", "args": {"IMAGE": image}}
        _build(engine, name, build, labels, say, text)
    return folders


def _install(
    needs: Needs, interpreter: Interpreter, folder: Path, shell: Mapping[str, str], say: images.Say
) -> None:
    say(f"Fetching what {needs.source} asks for, for {interpreter.name} in containers ...")
    try:
        lines = needs.lines
        if needs.lock is not None:
            exported = (
                "export",
                "--quiet",
                "--frozen",
                "--no-dev",
                "--no-emit-project",
                "--no-emit-workspace",
            )
            lines = tuple(uv.run(exported, environment=shell, cwd=needs.root).splitlines())
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(needs.constraints) + "\n", encoding="utf-8")
        if lines:
            uv.run(
                [
                    "pip", "install", "--quiet", *interpreter.for_uv, "--target", str(folder),
                    "--only-binary", ":all:", "--constraint", str(constraints), "-r", "-",
                ],
                environment=shell,
                cwd=needs.root,
                stdin="\n".join(lines) + "\n",
            )  # fmt: skip
        constraints.unlink()
    except process.CommandFailed as error:
        raise UsageError(
            f"What {needs.source} asks for can't be had for {interpreter.name} in containers: "
            f"{uv.reason(error)} Nothing is compiled there: give an image of your own (--image, "
            f"--dockerfile)."
        ) from None


def _build(
    engine: Engine,
    name: str,
    build: Mapping[str, Any],
    labels: Mapping[str, str],
    say: images.Say,
    text: str = "",
) -> None:
    with _scratch() as folder:
        if text:
            Path(folder, "Dockerfile").write_text(text)
            build = {**build, "dockerfile": str(folder / "Dockerfile")}
        secrets = {
            "ca": {"file": "${BUILD_CA:-/dev/null}"},
            "pip_conf": {"file": "${BUILD_PIP_CONF:-/dev/null}"},
        }
        service = {"image": name, "build": {**build, "labels": dict(labels), "secrets": list(secrets)}}
        file = folder / "compose.json"
        file.write_text(json.dumps({"services": {"application": service}, "secrets": secrets}))
        images.build(engine, [file], ["application"], {}, say)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-image-") as folder:
        yield Path(folder)


def _left_out(folder: str, names: Sequence[str]) -> set[str]:
    """What isn't copied: hidden folders, environments, caches; a hidden file may be the application's."""
    return {
        name
        for name in names
        if name in _LEFT_OUT
        or (name.startswith(".") and Path(folder, name).is_dir())
        or Path(folder, name, "pyvenv.cfg").is_file()
        or not (Path(folder, name).is_file() or Path(folder, name).is_dir())
    }


def literal(text: str) -> str:
    """Text in which Compose finds no variable."""
    return text.replace("$", "$$")
