"""The environment of the harness's own processes, which import what this one does."""

from __future__ import annotations

import os
import sys


def environment_of_ours() -> dict[str, str]:
    """This process's, with its own order of folders: PYTHONPATH may have modules called as ours."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
