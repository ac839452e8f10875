"""`wsgi-bench` as its users have it: installed from a wheel of this checkout, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.machine.pipsettings import for_uv

ROOT = Path(__file__).parents[1]
UV = Path(sys.prefix) / "bin" / "uv"
COMMAND = "environment/bin/wsgi-bench"


def shell(**changes: str) -> dict[str, str]:
    """A shell that knows nothing of this checkout: the harness's own environment is nobody else's."""
    without = ("VIRTUAL_ENV", "PYTHONPATH")
    kept = {n: v for n, v in os.environ.items() if not n.startswith("WSGI_BENCH_") and n not in without}
    return {**kept, "PATH": os.defpath, **changes}


def shell_with_engine() -> dict[str, str]:
    """One that finds docker and Compose wherever this test run finds them."""
    return shell(PATH=f"{os.defpath}:{os.environ['PATH']}:{Path(sys.prefix) / 'bin'}")


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """What a command that succeeds prints."""
    ended = subprocess.run(
        command, cwd=cwd, env=environment or shell(), capture_output=True, text=True, timeout=240, check=False
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def uv(*arguments: str | Path, cwd: Path) -> None:
    """uv, which takes packages from where pip is configured to."""
    told = shell()
    run(UV, *arguments, "--quiet", cwd=cwd, environment={**told, **for_uv(told, cwd), "UV_SYSTEM_CERTS": "1"})


def install(folder: Path) -> Path:
    """The command, in an environment of its own."""
    uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder / "dist",
       ROOT, cwd=folder)  # fmt: skip
    uv("venv", "--python", sys.executable, folder / "environment", cwd=folder)
    [wheel] = (folder / "dist").glob("*.whl")
    uv("pip", "install", "--python", folder / "environment/bin/python", "--constraint",
       ROOT / "requirements.lock", wheel, cwd=folder)  # fmt: skip
    return folder / COMMAND
