"""Serve the application that `APP` names: `python servers/serve.py SERVER [ARGUMENT]...`.

SERVER is a folder beside this file whose `serve.py` has `serve(load, host, port, workers, threads)`: `load()`
imports the application. All of it is loaded by path: the application finds its own modules alone, from the
folder that it is started in.
"""

from __future__ import annotations

import ctypes
import importlib.util
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PR_SET_PDEATHSIG = 1


def main() -> None:
    here = Path(__file__).resolve().parent
    # Python puts the script's own folder there.
    sys.path[0] = str(Path.cwd())
    server = sys.argv.pop(1)
    module = _loaded(here / server / "serve.py")
    module.serve(load, *_address(), _number("WORKERS"), _number("THREADS"))


def load() -> Any:
    """The application, imported here or in a worker of the server's.

    A worker by multiprocessing is to end when told to, and with its main process: the handler of SIGTERM
    that it has inherited is that one's, and does nothing here.
    """
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return _loaded(Path(__file__).resolve().parent / "application.py").application()


def _loaded(path: Path) -> ModuleType:
    """The module of a file, under a name that no application imports."""
    spec = importlib.util.spec_from_file_location(f"wsgi_bench_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _address() -> tuple[str, int]:
    """Host and port from `BIND`, given as `host:port`."""
    bind = os.environ.get("BIND", "")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        sys.exit(f"BIND must be host:port, but is {bind!r}.")
    return host.strip("[]"), int(port)


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    if not value.isdecimal() or int(value) < 1:
        sys.exit(f"{name} must be a number above 0, but is {value!r}.")
    return int(value)


if __name__ == "__main__":
    main()
