"""Builds an environment for a project that has none, in the user's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.catalogue import linking
from bench.catalogue.python import Interpreter
from bench.catalogue.requirements import Needs
from bench.machine import process, uv
from bench.machine.cache import cache_folder, digest, made_once
from bench.model.errors import UsageError


def environment(
    needs: Needs, base: Interpreter, variables: Mapping[str, str], say: Callable[[str], None]
) -> Path:
    """A virtual environment with what a project needs; one built from the same before is taken again.

    Args:
        base: the Python it is made of.
        variables: the shell's.

    Raises:
        UsageError: what it needs can't be had.
    """
    name = digest(
        base.python,
        base.version,
        str(needs.root),
        *needs.lines,
        "",
        *needs.constraints,
        "",
        *_contents(needs),
    )
    folder = cache_folder(variables) / "environments" / name
    if not folder.is_dir():
        for note in needs.notes:
            say(note)
        say(f"Building an environment from {needs.source} with {base.name} ...")
    return made_once(folder, lambda made: _build(needs, base, made, variables))


def _contents(needs: Needs) -> list[str]:
    """Hashes of the files that are read anew: of uv's lock, constraints, and local projects."""
    named = [Path(line.removeprefix("-c ")) for line in needs.lines if line.startswith("-c ")]
    paths = [*named, *(project / "pyproject.toml" for project in needs.linked)]
    if needs.lock is not None:
        paths += [needs.lock, needs.root / "pyproject.toml"]
    return [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths if path.is_file()]


def _build(needs: Needs, base: Interpreter, made: Path, variables: Mapping[str, str]) -> None:
    python = made / "bin" / "python"

    def install(*arguments: str, lines: tuple[str, ...] = ()) -> None:
        text = "\n".join(lines) + "\n"
        uv.run(arguments, environment=variables, cwd=needs.root, stdin=text, project=made)

    try:
        # It is renamed once it is whole: no path of its own may be in it.
        install("venv", "--quiet", "--relocatable", "--python", base.python, str(made))
        if needs.lock is not None:
            install("sync", "--quiet", "--frozen", "--no-dev", "--no-install-local")
        elif needs.lines:
            constraints = made / "constraints.txt"
            constraints.write_text("\n".join(needs.constraints) + "\n", encoding="utf-8")
            install(
                "pip", "install", "--quiet", "--python", str(python), "--constraint", str(constraints),
                "-r", "-", lines=needs.lines,
            )  # fmt: skip
    except process.CommandFailed as error:
        raise UsageError(
            f"What {needs.source} asks for can't be installed for {base.name}: {uv.reason(error)} "
            "Correct it, or name an environment that has it, or another Python, with --python."
        ) from None
    linking.link(needs.linked, made)
