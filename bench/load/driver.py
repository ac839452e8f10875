"""The load driver: `python -m bench.load.driver`, a child process that obeys JSON lines.

Nothing but this process and its workers import locust, which patches the standard library as it is imported.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.load.protocol import failed, line
from bench.machine.place import servers_machine
from bench.machine.priority import give_way_if_spinning, take_after_parent
from bench.model.hostport import host_and_port
from bench.model.shortage import found_in


def main() -> None:
    """Serve orders from standard input until its end, or as a worker those of its master."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=("loop", "fasthttp", "locustfile"), default="loop")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--worker", type=int, metavar="PORT", help="of the master that it belongs to")
    parser.add_argument("--locustfile", type=Path)
    parser.add_argument("--folder", default=".", help="in which the locust file runs")
    parser.add_argument("--user", default="", help="the one class of it that makes the load")
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("--exclude-tag", action="append", default=[])
    parser.add_argument("--look", type=int, metavar="USERS", help="only say what it has, for so many users")
    parser.add_argument("--generators", type=int, default=0, help="on other hosts, that are waited for")
    parser.add_argument("--listen", type=host_and_port, metavar="HOST:PORT", help="for them")
    parser.add_argument("--waits", action="store_true", help="while one of them is lost")
    parser.add_argument("--master", type=host_and_port, metavar="HOST:PORT", help="whose generator this is")
    asked = parser.parse_args()
    give_way_if_spinning()
    events = os.dup(1)
    os.dup2(2, 1)

    def emit(event: Mapping[str, Any]) -> None:
        left = line(event)
        while left:
            left = left[os.write(events, left) :]

    try:
        _serve(asked, emit)
    except Exception as error:
        # Imports, too, fail for want of descriptors, memory or threads, each in words of its own.
        if found_in(error) is None:
            raise
        traceback.print_exc()
        emit(failed(error))
        sys.exit(1)


def _serve(asked: argparse.Namespace, emit: Callable[[Mapping[str, Any]], None]) -> None:
    # Redis's client has imported it by then; nothing here asks anybody by TLS.
    warnings.filterwarnings("ignore", "Monkey-patching ssl after ssl")
    from bench.load.generator import LoadGenerator, by_loop

    # After the generator: what it needs of the standard library is then its own, unpatched.
    from bench.load import fasthttp, fileusers, forked, userfile, users, workers  # isort: skip
    from bench.load.elsewhere import master, worker  # isort: skip
    from bench.load.elsewhere.keys import SECRET_VARIABLE, keys_of  # isort: skip

    if asked.client == "locustfile":
        named = userfile.Named(asked.locustfile, asked.user, tuple(asked.tag), tuple(asked.exclude_tag))
        if asked.look is not None:
            os.chdir(asked.folder)
            emit(userfile.looked_at(named, asked.look))
            return
        of_file = fileusers.FileUsers(named)
        generator = LoadGenerator(emit, of_file.conduct, users.breathe, servers_machine())
        forked.serve(generator, of_file, emit, sys.stdin.fileno(), asked.folder)
        return
    conduct = fasthttp.conduct if asked.client == "fasthttp" else by_loop
    mute = asked.worker is not None or asked.master is not None
    tell = (lambda _event: None) if mute else emit
    generator = LoadGenerator(tell, conduct, users.breathe, servers_machine())
    if asked.master is not None:
        host, port = asked.master
        worker.serve_generator(generator, host, port, keys_of(os.environ[SECRET_VARIABLE]))
    elif asked.generators:
        keys = keys_of(os.environ[SECRET_VARIABLE])
        orders_fd = sys.stdin.fileno()
        master.serve_master(
            generator, emit, orders_fd, asked.listen, keys, asked.generators, waits=asked.waits
        )
    elif asked.worker is not None:
        # Not as it is started: gevent's Popen makes the session after everything else.
        take_after_parent()
        workers.serve_worker(generator, asked.worker)
    elif asked.processes > 1:
        options = ("--client", asked.client)
        workers.serve_master(generator, emit, sys.stdin.fileno(), asked.processes, options)
    else:
        users.serve(generator, emit, sys.stdin.fileno())


if __name__ == "__main__":
    main()
