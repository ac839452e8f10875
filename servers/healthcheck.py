"""Ends with 0 if the server at `BIND` answers HTTP at all: which application it serves doesn't matter."""

from __future__ import annotations

import http.client
import os
import sys


def main() -> None:
    port = int(os.environ["BIND"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/-/live", headers={"Connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"no answer: {error}")
    finally:
        connection.close()
    if status >= 500:
        sys.exit(f"answered {status}")


if __name__ == "__main__":
    main()
