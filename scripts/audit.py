"""`make audit`: whether a vulnerability is known of anything that the lock files name.

pip-audit asks the Python Package Index, or OSV where that doesn't answer. Ends with 0 if it knows of none,
1 if it does, and with 0 and a warning where neither can be reached: that says nothing of the locks.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.machine import process

ROOT = Path(__file__).parents[1]
_SERVICES = ("pypi", "osv")
_INSTALL_S = 300.0
_AUDIT_S = 300.0


class NoAnswerError(Exception):
    """A service didn't answer; what was tried, and why it failed."""


def main() -> int:
    locks = [*sorted(ROOT.glob("requirements*.lock")), *sorted(ROOT.glob("servers/*/requirements.txt"))]
    with tempfile.TemporaryDirectory(prefix="wsgi-bench-audit-") as scratch:
        program = _installed(Path(scratch))
        problems = []
        for service in _SERVICES:
            try:
                known = [line for lock in locks for line in _asked(program, lock, service, Path(scratch))]
            except NoAnswerError as error:
                problems.append(f"{service}: {error}")
                continue
            for line in known:
                print(line)
            print(f"{len(locks)} lock files, {len(known)} known vulnerabilities (asked: {service})")
            return 1 if known else 0
    warning = f"NOT AUDITED: no service that knows of vulnerabilities can be reached. {' '.join(problems)}"
    print(f"::warning::{warning}" if os.environ.get("GITHUB_ACTIONS") else warning)
    return 0


def _installed(scratch: Path) -> str:
    """pip-audit, in an environment of its own: it brings a pip, which isn't to become the checkout's."""
    process.run([sys.executable, "-m", "venv", str(scratch / "venv")], timeout_s=_INSTALL_S)
    python = str(scratch / "venv/bin/python")
    options = ("--disable-pip-version-check", "--quiet", "--require-hashes")
    lock = str(ROOT / "requirements-audit.lock")
    process.run([python, "-m", "pip", "install", *options, "-r", lock], timeout_s=_INSTALL_S)
    return str(scratch / "venv/bin/pip-audit")


def _asked(program: str, lock: Path, service: str, scratch: Path) -> Iterator[str]:
    """A line for each vulnerability.

    Raises:
        NoAnswerError: the service can't be reached; that it knows of nothing is another thing.
    """
    answer = scratch / "answer.json"
    answer.unlink(missing_ok=True)
    options = [
        "--requirement",
        str(lock),
        "--require-hashes",
        "--disable-pip",
        "--vulnerability-service",
        service,
    ]
    try:
        process.run(
            [program, *options, "--format", "json", "--output", str(answer), "--progress-spinner", "off"],
            timeout_s=_AUDIT_S,
        )
    except process.CommandFailed as error:
        # It ends with 1 either way; what it knows of it has written.
        if not answer.exists():
            raise NoAnswerError(error.output.strip().splitlines()[-1]) from None
    return vulnerabilities(json.loads(answer.read_text()), lock.relative_to(ROOT))


def vulnerabilities(answer: Mapping[str, Any], lock: Path) -> Iterator[str]:
    """What pip-audit found, a line each: where, what, and what mends it.

    Raises:
        NoAnswerError: the service doesn't know a distribution. All of them are public, so it is a mirror
            that has packages and no word on their vulnerabilities; pip-audit itself calls that success.
    """
    distributions: Sequence[Mapping[str, Any]] = answer["dependencies"]
    skipped = [distribution["name"] for distribution in distributions if "skip_reason" in distribution]
    if skipped:
        raise NoAnswerError(
            f"it says nothing of {len(skipped)} of {len(distributions)} distributions in {lock}."
        )
    for distribution in distributions:
        for known in distribution.get("vulns", ()):
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            named = f"{distribution['name']} {distribution['version']}"
            yield f"{lock}: {named}: {known['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
