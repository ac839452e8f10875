"""The one door to uv, which finds Pythons and installs for them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import uv as uv_package

from bench.machine import pipsettings, process
from bench.model.errors import MachineError

_INSTALLS_S = 600.0
# What of uv's own variables would put things elsewhere than they are told to go, or other things there.
_STEERING = frozenset(
    f"UV_{name}"
    for name in (
        "BUILD_CONSTRAINT", "CONSTRAINT", "ENV_FILE", "FROZEN", "LOCKED", "NO_BINARY", "NO_BINARY_PACKAGE",
        "NO_EDITABLE", "NO_SYNC", "ONLY_BINARY", "OVERRIDE", "PROJECT", "PROJECT_ENVIRONMENT", "PYTHON",
        "REQUIRE_HASHES", "SYSTEM_PYTHON", "WORKING_DIR", "WORKING_DIRECTORY",
    )
)  # fmt: skip
_STEERING_TOO = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME")
_ALWAYS = {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", "PYTHONDONTWRITEBYTECODE": "1"}
_MARKS = re.compile(r"^(error:|cause:|Caused by:|[\u00d7\u2500-\u257f\u25b6]+)\s*")


def run(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    stdin: str | None = None,
    project: Path | None = None,
) -> str:
    """Run uv and return what it printed, with the index, certificates and proxy that the user has set.

    Args:
        environment: of which what steers uv is left out.
        cwd: whose uv.toml and pyproject.toml hold.
        project: the environment that `uv sync` installs into.

    Raises:
        CommandFailed: it failed; `reason` says why in a line.
        MachineError: there is no uv.
    """
    kept = {n: v for n, v in environment.items() if n not in _STEERING and n not in _STEERING_TOO}
    variables = {**kept, **pipsettings.for_uv(kept, cwd), **_ALWAYS}
    if project is not None:
        variables["UV_PROJECT_ENVIRONMENT"] = str(project)
    # What the machine trusts, as pip does, where nothing names a file of authorities.
    variables.setdefault("UV_SYSTEM_CERTS", "1")
    return process.run(
        [_program(environment), "--color", "never", *arguments],
        environment=variables,
        cwd=cwd,
        stdin=stdin,
        timeout_s=_INSTALLS_S,
    )


def reason(failure: process.CommandFailed) -> str:
    """What uv said of its failure, in a line and without user names and passwords of addresses."""
    lines = [line.strip() for line in failure.output.splitlines()]
    told = [line for line in lines if line and not line.lower().startswith(("warning:", "hint:", "using "))]
    # That there is no solution goes without saying once there are reasons.
    if len(told) > 1 and "No solution found" in told[0]:
        told = told[1:]
    words = " ".join(_MARKS.sub("", line) for line in told)
    return re.sub(r"//[^/\s@]*@", "//***@", words)[:600] or "it said nothing"


def _program(environment: Mapping[str, str]) -> str:
    try:
        return uv_package.find_uv_bin()
    except FileNotFoundError:
        if program := shutil.which("uv", path=environment.get("PATH")):
            return program
    raise MachineError("There is no uv beside wsgi-bench: install wsgi-bench anew, or uv itself.")
