"""Says in JSON which Python runs it and what is installed there.

Its text is run by the interpreter of the measured project, so it needs the standard library alone and
Python 2.7 at least: what is too old has to say so. It imports nothing of the project.
"""

import sys

# `-c` puts the working directory first, where the project may have a module called like one of the library.
sys.path[:] = [folder for folder in sys.path if folder]

import json  # noqa: E402
import platform  # noqa: E402
import sysconfig  # noqa: E402


def main():  # type: ignore[no-untyped-def]
    distributions = {}  # type: ignore[var-annotated]
    try:
        from importlib import metadata
    except ImportError:
        metadata = None  # type: ignore[assignment]
    for distribution in metadata.distributions() if metadata else ():
        name = distribution.metadata["Name"]
        # What stands first in the search path is what is imported.
        if name and distribution.version:
            distributions.setdefault(name, distribution.version)
    return {
        "python": sys.executable,
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "tag": sysconfig.get_config_var("EXT_SUFFIX") or "",
        "distributions": distributions,
    }


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main()) + "\n")  # type: ignore[no-untyped-call]
