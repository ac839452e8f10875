"""A container for one command of the user's application, confined as its servers are."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.deploy.engine import Engine
from bench.machine import process
from bench.model.errors import BenchError

_COMMAND_S = 600.0
_CONFINED = (
    "--init", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--pids-limit", "4096",
    "--tmpfs", "/tmp:mode=1777,size=64m",
)  # fmt: skip


@dataclass(frozen=True)
class Box:
    """Containers of an image, one after the other.

    Attributes:
        variables: that the application is given, with their values: none is in a command line.
        network: that they join; "none" for none.
    """

    engine: Engine
    image: str
    folder: str
    variables: Mapping[str, str]
    labels: Mapping[str, str]
    network: str
    memory_bytes: int

    def command(self, name: str, words: Sequence[str], *options: str, read_only: bool = False) -> list[str]:
        """What runs a command in a container of that name.

        Args:
            options: of `docker run`, before the usual ones.
        """
        labels = [word for label, value in self.labels.items() for word in ("--label", f"{label}={value}")]
        named = [word for variable in self.variables for word in ("--env", variable)]
        memory = str(self.memory_bytes)
        return [
            self.engine.program, "run", "--name", name, *options, *labels, *_CONFINED,
            "--memory", memory, "--memory-swap", memory, *(("--read-only",) if read_only else ()),
            "--network", self.network, "--workdir", self.folder, *named,
            "--entrypoint", words[0], self.image, *words[1:],
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """That of the command: the engine takes the values from it."""
        return {**os.environ, **self.variables}

    def run(self, line: str, kept_as: str = "") -> str:
        """Run a command line of the user's with the shell of the image.

        Args:
            kept_as: the name of an image that is to hold what it wrote; empty to forget that.

        Returns:
            What went wrong: the end of its output; empty if nothing did.
        """
        name = new_name()
        command = self.command(name, ("/bin/sh", "-c", line))
        try:
            process.run(command, environment=self.environment(), timeout_s=_COMMAND_S, merge_errors=True)
            if kept_as:
                self._keep(name, kept_as)
        except process.CommandFailed as error:
            return "\n".join(error.output.strip().splitlines()[-5:]) or "it printed nothing"
        finally:
            self.remove(name)
        return ""

    def remove(self, name: str) -> None:
        """End a container, if there still is one of that name."""
        with suppress(BenchError):
            self.engine.run("container", "rm", "--force", "--volumes", name)

    def _keep(self, name: str, image: str) -> None:
        # An image remembers the variables of the container that it is made of.
        changes = [word for variable in self.variables for word in ("--change", f"ENV {variable}=")]
        before = self.engine.run("image", "inspect", "--format", "{{json .Config.Entrypoint}}", self.image)
        changes += ["--change", f"ENTRYPOINT {before.strip().replace('null', '[]')}", "--change", "CMD []"]
        self.engine.run("commit", *changes, name, image, timeout_s=_COMMAND_S)


def new_name() -> str:
    """A name for a container, which no other has."""
    return f"wsgi-bench-once-{secrets.token_hex(6)}"
