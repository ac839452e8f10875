"""Install requirements.lock and then the checkout into the environment of this Python: by uv, else by pip.

pip puts uv there, and says where things come from (scripts/uvsettings.py). Whatever keeps uv from its work
is said in a line, and pip does it. `scripts/setup` calls this in a .venv/ that has nothing but pip, so the
standard library is all there is.

Ends with 0 if all is installed, and with 2 if pip couldn't install it either.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import uvsettings
from scripts.uvsettings import NotForUv

ROOT = Path(__file__).parents[1]
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
_PIP_INSTALL = (*_PIP, "--quiet", "install")
# Hashes can't be had for the checkout itself; its build backend is in the lock, so nothing else is fetched.
_CHECKOUT = ("--no-deps", "--no-build-isolation", "--editable", ".")


def main() -> int:
    # An exit of its own ends what was started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="wsgi-bench-setup-") as scratch:
            return _install(Path(scratch))
    except KeyboardInterrupt:
        return 130


def _install(scratch: Path) -> int:
    uv_lock, rest_lock = scratch / "uv.lock", scratch / "rest.lock"
    uv_entry, rest = parts((ROOT / "requirements.lock").read_text())
    uv_lock.write_text(uv_entry)
    rest_lock.write_text(rest)
    try:
        _by_uv(uv_lock, rest_lock)
    except NotForUv as reason:
        print(f"Without uv, since {reason}; pip does it, which takes longer.", file=sys.stderr)
        return _by_pip(rest_lock)
    return 0


def parts(lock: str) -> tuple[str, str]:
    """The entry of uv itself in a lock file, and all others."""
    entries = re.split(r"^(?=[^\s#])", lock, flags=re.MULTILINE)
    uv_entries = [entry for entry in entries if entry.startswith("uv==")]
    return "".join(uv_entries), "".join(entry for entry in entries if entry not in uv_entries)


def _by_uv(uv_lock: Path, rest_lock: Path) -> None:
    """
    Raises:
        NotForUv: why pip has to do it.
    """
    # A quiet pip would list nothing.
    aloud = os.environ | {"PIP_QUIET": "0", "PIP_VERBOSE": "0"}
    listing = _said([*_PIP, "config", "list"], aloud, "pip can't list its settings")
    locked = {
        uvsettings.normalized(name) for name in re.findall(r"^([\w.-]+)==", rest_lock.read_text(), re.M)
    }
    settings = uvsettings.settings(uvsettings.in_effect(listing), os.environ, locked)
    # From source it would take a compiler, and what that needs has no hash.
    fetch = [*_PIP_INSTALL, "--require-hashes", "--only-binary", "uv", "-r", str(uv_lock)]
    _said(fetch, dict(os.environ), "pip can't fetch it")
    command = [str(Path(sys.prefix) / "bin" / "uv"), "pip", "install", "--quiet", "--color", "never"]
    command += ["--python", sys.executable, *settings.options]
    variables = dict(settings.variables)
    # Compiled now, or the first start of each server would take longer than the others.
    _said([*command, "--require-hashes", "--compile-bytecode", "-r", str(rest_lock)], variables, "it failed")
    _said([*command, "--reinstall", *_CHECKOUT], variables, "it failed")


def _by_pip(rest_lock: Path) -> int:
    # What uv has begun is no installed package, whatever its files say.
    anew = ("--require-hashes", "--force-reinstall", "-r", str(rest_lock))
    for arguments in (anew, _CHECKOUT):
        if subprocess.run([*_PIP_INSTALL, *arguments], cwd=ROOT, check=False).returncode:
            print(
                "Set-up failed: pip couldn't install requirements.lock; its message stands above. "
                "Does it reach a package index (pip config list)?",
                file=sys.stderr,
            )
            return 2
    return 0


def _said(command: Sequence[str], variables: dict[str, str], otherwise: str) -> str:
    """What a program printed.

    Raises:
        NotForUv: it couldn't be started or failed, with what it said of that.
    """
    try:
        ended = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotForUv(f"{otherwise} ({error.strerror})") from None
    if ended.returncode:
        raise NotForUv(f"{otherwise} ({reason(ended.stderr) or f'exit code {ended.returncode}'})")
    return ended.stdout


def reason(printed: str) -> str:
    """What a program said of its failure, in one line and without user names and passwords of addresses."""
    lines = [line.strip() for line in printed.splitlines()]
    told = [
        line for line in lines if line and not line.lower().startswith(("warning:", "hint:", "using python"))
    ]
    # What couldn't be done, and the cause of its causes.
    short = "; ".join(dict.fromkeys((*told[:1], *told[-1:])))
    return re.sub(r"//[^/\s@]*@", "//***@", short)[:300]


if __name__ == "__main__":
    sys.exit(main())
