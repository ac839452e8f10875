"""Imports a user's application and calls it, in the user's own interpreter: Python 3.8 or newer, or PyPy.

It is run by its path and needs the standard library alone. Commands come as JSON lines on standard input, and
are answered as JSON lines on what was standard output: what the application prints goes to standard error.
Its siblings are loaded by their paths, so that nothing of ours can be imported by the application.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import os
import platform
import signal
import sys
import threading
import time
from typing import Any, TextIO


def _sibling(name: str) -> Any:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_wsgi_bench_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


calling, costing, loading, traces, writes = map(
    _sibling, ("calling", "costing", "loading", "traces", "writes")
)


def main() -> None:
    """Answer commands until there are no more: the first is the job, all others are requests."""
    commands, answers = _pipes()
    job = json.loads(commands.readline())
    process = os.getpid()
    theirs = traces.Theirs(job["root"])
    watch = writes.Writes(job["kept"])
    _as_a_server_would(job["root"])
    with open(job["stack"], "w") as stack:
        about = {"python": platform.python_version(), "implementation": platform.python_implementation()}
        _tell(answers, about)
        # Of the thread that gets the signal, the main one: to read those of threads that go on can crash.
        faulthandler.register(signal.SIGUSR2, file=stack, all_threads=False)
        if job["watched"]:
            watch.begin()
        began = time.perf_counter()
        outcome = loading.load(job["callable"], theirs)
        if os.getpid() != process:
            # The application forked while it was imported: only one of them is to answer.
            os._exit(0)
        application = outcome.pop("application", None)
        outcome["import_s"] = time.perf_counter() - began
        outcome["frameworks"] = loading.frameworks()
        outcome["hosts"] = loading.hosts()
        _tell(answers, {**outcome, **_state(watch)})
        for line in commands:
            command = json.loads(line)
            if "requests" in command:
                answer = costing.measure(application, command, calling.environ_of)
            else:
                answer = calling.ask(application, command, theirs)
            if os.getpid() != process:
                os._exit(0)
            _tell(answers, {**answer, **_state(watch)})
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads and exit handlers of the application could keep it for ever.
    os._exit(0)


def _pipes() -> tuple[TextIO, TextIO]:
    """Standard input and output for the harness alone; the application prints to standard error."""
    commands, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return os.fdopen(commands, encoding="utf-8"), os.fdopen(answers, "w", encoding="utf-8")


def _as_a_server_would(root: str) -> None:
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [root, *(place for place in sys.path if os.path.abspath(place or ".") not in (own, root))]
    # An application that reads its command line finds none.
    sys.argv[:] = ["wsgi-bench"]


def _tell(answers: TextIO, said: dict[str, Any]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _state(watch: Any) -> dict[str, Any]:
    main_thread = threading.main_thread()
    return {
        "threads": [thread.name for thread in threading.enumerate() if thread is not main_thread],
        **watch.since_last(),
    }


if __name__ == "__main__":
    main()
