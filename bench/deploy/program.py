"""The words that start a server with the project's own Python, in place of the first word of its command."""

from __future__ import annotations

from pathlib import Path

from bench.catalogue.python import Interpreter

# Not `-m`: that imports from the working directory first, where the project may have its own gunicorn.py.
_STARTS = {
    "gunicorn": "gunicorn.app.wsgiapp:run",
    "uwsgi": "pyuwsgi:run",
}


def program(name: str, interpreter: Interpreter) -> tuple[str, ...]:
    """What a server's first word becomes.

    Args:
        name: "python", or the name of a server's program; any other stays as it is.
    """
    if name in ("python", "python3"):
        return (interpreter.python,)
    if name not in _STARTS:
        return (name,)
    own = Path(interpreter.python).with_name(name)
    if (
        name == "uwsgi"
        and "uwsgi" in interpreter.distributions
        and "pyuwsgi" not in interpreter.distributions
    ):
        return (str(own) if own.exists() else name,)
    module, _, function = _STARTS[name].partition(":")
    code = (
        f"import sys; del sys.path[0]; sys.argv[0] = {name!r}; from {module} import {function}; {function}()"
    )
    # For a reload it starts itself anew, and would take the Python that the environment was made of.
    binary = ("--binary-path", interpreter.python) if name == "uwsgi" else ()
    return (interpreter.python, "-c", code, *binary)
