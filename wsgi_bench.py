"""The command `wsgi-bench`, in a module whose name no project has: PYTHONPATH is for the application.

A folder of it may have a `bench` or `click`, which must not be imported instead of the harness's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Run a verb and return its exit code."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    theirs = {Path(folder).absolute() for folder in given if folder}
    sys.path.sort(key=lambda folder: Path(folder).absolute() in theirs)
    from bench.__main__ import main as run

    return run()
