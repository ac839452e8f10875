"""The tutorials, as far as they are to be tried: what they have typed, and what they say comes of it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.machine.pipsettings import for_uv
from tests.installed import ROOT, shell

TUTORIALS = ROOT / "docs/tutorials"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "== end of step"
# Enough to see that it works.
_LEAST = {"WSGI_BENCH_PROFILE": "smoke", "WSGI_BENCH_BLOCKS": "1", "WSGI_BENCH_SERVERS": "gunicorn,waitress"}


@dataclass(frozen=True)
class Step:
    """Commands, and what they are to print, as far as the tutorial shows it."""

    typed: str
    shown: tuple[str, ...]


def steps(page: str, start: str, end: str = "") -> tuple[Step, ...]:
    """Those below a heading, up to another or the page's end."""
    text = (TUTORIALS / page).read_text().partition(f"\n## {start}\n")[2]
    if end:
        text = text.partition(f"\n## {end}\n")[0]
    read: list[Step] = []
    for language, content in _FENCED.findall(text):
        if language == "sh":
            read.append(Step(content, ()))
        elif not language:
            read[-1] = Step(read[-1].typed, (*read[-1].shown, content))
    assert read, f"{page} has no commands below '{start}'"
    return tuple(read)


def missing(
    page: tuple[Step, ...], folder: Path, command: Path, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Type all steps in one shell; what is shown and wasn't printed.

    Raises:
        AssertionError: a command failed.
    """
    told = {**(environment or shell()), **_LEAST}
    told["PATH"] = f"{command.parent}:{told['PATH']}"
    script = "set -e\n" + "".join(f"{step.typed}\necho {shlex.quote(_END)}\n" for step in page)
    ended = subprocess.run(
        ["bash", "-c", script], cwd=folder, env={**told, **for_uv(told, folder)}, text=True, timeout=400,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
    printed = ended.stdout.split(_END)
    return list(_missing(page, printed))


def _missing(page: tuple[Step, ...], printed: list[str]) -> Iterator[str]:
    for step, output in zip(page, printed, strict=False):
        flat = _flat(output)
        for text in step.shown:
            if not re.search(_pattern(text), flat):
                yield f"{text}\nisn't in\n{output}"


def _pattern(shown: str) -> str:
    """Any figures will do, and any line breaks."""
    words = re.escape(_flat(shown))
    return re.sub(r"\d+((,|\\\.)\d+)*", r"[\\d,.]+", words)


def _flat(text: str) -> str:
    """In one line, and without how long a page took the first time, which is shown where it took longer."""
    return re.sub(r" \(first [^)]*\)", "", " ".join(text.split()))
