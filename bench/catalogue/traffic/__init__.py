"""Real traffic as a scenario: what an access log or a recorded session of a browser asked.

Whoever sent those requests may have sent anything, so nothing of them is taken that can't be a request.
"""

from bench.catalogue.traffic.accesslog import read_access_log
from bench.catalogue.traffic.har import read_har

__all__ = ["read_access_log", "read_har"]
