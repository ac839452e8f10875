"""gunicorn for both worker classes. Settings: https://gunicorn.org/reference/settings/"""

import ctypes
import os
import signal
from pathlib import Path
from typing import Any

wsgi_app = os.environ["APP"]
bind = os.environ["BIND"]
workers = int(os.environ["WORKERS"])
threads = int(os.environ["THREADS"])

# The heartbeat is a file: on a disk it can block a worker. https://gunicorn.org/faq/#how-do-i-avoid-blocking-in-osfchmod
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None

# A socket at a fixed path, which two instances of one user would fight over; on by default since 25.1.
# https://gunicorn.org/reference/settings/#control_socket_disable
control_socket_disable = True

# Longer than any pause between two requests of a connection; 2 s by default.
# https://gunicorn.org/reference/settings/#keepalive
keepalive = 75

# As many as the other servers that have such a limit: each user has a connection. 1,000 by default.
# https://gunicorn.org/reference/settings/#worker_connections
worker_connections = 4096

# Seconds that a sync worker has for a request: more than any request of the harness has. 30 by default.
# https://gunicorn.org/reference/settings/#timeout
timeout = 90

# A worker that is replaced in the middle of a trial would be measured with it.
# https://gunicorn.org/reference/settings/#max_requests
max_requests = 0

# Below the service's stop_grace_period. https://gunicorn.org/reference/settings/#graceful_timeout
graceful_timeout = 8

# Errors on standard error, no line a request. https://gunicorn.org/reference/settings/#logging
accesslog = None
errorlog = "-"
loglevel = "info"

_PR_SET_PDEATHSIG = 1


def post_fork(server: Any, _worker: Any) -> None:
    """Let the kernel end a worker whose master was killed: an idle sync worker looks every 15 s only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server.pid:
        os._exit(1)
