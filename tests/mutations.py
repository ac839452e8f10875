"""`scripts/mutate`: stored results changed in every way, through every command that reads one.

Each is read in a process of its own, whose memory has a limit. What counts is how each command ends: with a
rendering or a message, never a traceback; without a word that a terminal would act on; without having written
or run anything; and with the sound result beside it in each list.
"""

from __future__ import annotations

import io
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.analysis import analyse
from bench.analysis.compare import compare
from bench.cli import complete, reading, running, upkeep, verbs
from bench.model.errors import UsageError
from bench.report import FORMATS
from bench.report.index.stored import read
from bench.report.two_runs import FORMATS as COMPARE_FORMATS
from bench.run import session
from bench.store import Writer, load
from tests.make_history import run_of, store
from tests.make_suite import make_versions, without_trials
from tests.mutate import CANARY, Files, mutated, put

MOST_BYTES = 300 << 20
LONGEST_S = 60
EVERY = 5
BAD, SOUND = "20260103T030405Z-bad", "20260102T030405Z-testhost"
WOULD_START = "would be started now"
_ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def kinds(folder: Path) -> list[Files]:
    """The results that are changed: complete ones, one with an old version, one that was broken off."""
    small: dict[str, Any] = {"rounds": 2, "blocks": 2}
    whole = run_of(1, twin="gunicorn", **small)
    versions = make_versions({"gunicorn": 3000.0}, {"gunicorn": 2900.0}, fail_if=("throughput < -5%",))
    versions = replace(
        versions,
        plan=replace(versions.plan, rounds=2, blocks=2),
        trials=tuple(trial for trial in versions.trials if trial.round <= 2 and trial.block < 2),
        deployments=tuple(record for record in versions.deployments if record.round <= 2),
    )
    directories = [store(whole, folder, "whole"), store(versions, folder, "versions")]
    broken = folder / "broken"
    directories.append(broken)
    with Writer.create(broken, without_trials(whole), analyse) as writer:
        for round_ in (1, 2):
            writer.append(trials=[trial for trial in whole.trials if trial.round == round_])
        writer.append(deployments=whole.deployments, plan=whole.plan, environment=whole.environment)
    return [
        {path.name: path.read_bytes() for path in sorted(one.iterdir()) if path.is_file()}
        for one in directories
    ]


def commands(seed: int) -> Sequence[tuple[str, ...]]:
    """Every verb that reads results, with formats that differ from one seed to the next."""
    draw = random.Random(seed)
    bad, sound = f"results/{BAD}", f"results/{SOUND}"
    pair = draw.choice(((bad, sound), (sound, bad), (bad, bad)))
    limit = draw.choice(("throughput < -5%", "gunicorn: p99 > +10%"))
    return (
        ("list", "results", *(("--json",) if draw.random() < 0.5 else ())),
        ("report", bad, "--format", draw.choice(list(FORMATS))),
        ("compare", *pair, "--fail-if", limit, "--format", draw.choice(list(COMPARE_FORMATS))),
        draw.choice((("report", bad), ("report",), ("report", sound), ("report", sound))),
        ("resume", bad),
    )


def outcome(arguments: Sequence[str], root: Path) -> str:
    """How a command ends, in a word."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["wsgi-bench", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = verbs.main()
    except MemoryError:
        return "MEMORY"
    except BaseException as error:
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        where = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else "?"
        return f"TRACEBACK {type(error).__name__} {where}"
    said = err.getvalue()
    if (root / CANARY).read_text() != "untouched":
        return "CANARY"
    if _ACTS.search(out.getvalue()) or _ACTS.search(said):
        return "CONTROL CHARACTERS"
    if arguments[0] == "list" and SOUND not in out.getvalue():
        return "NEIGHBOUR LOST"
    if arguments == ("report", f"results/{SOUND}") and (
        code != 0 or SOUND not in (root / "results" / "index.html").read_text()
    ):
        return f"NEIGHBOUR LOST {said[:200]}"
    if "contradict each other" in out.getvalue() + said:
        # Caught where it would else be a traceback; what is wrong is to be said.
        return "NO CLEAR MESSAGE: contradiction"
    if WOULD_START in said:
        return "goes on"
    if code == UsageError.exit_code or code == 1:
        if not said.startswith("wsgi-bench: ") or len(said) > 3000:
            return f"NO CLEAR MESSAGE {said[:300]}"
        return "message"
    return "rendered" if code in (0, 4, 5) and out.getvalue() else f"CODE {code} {said[:200]}"


def _refuse(*_of_anything: object, **_named: object) -> None:
    raise UsageError(f"It {WOULD_START}.")


def _limit_memory() -> None:
    pages = Path("/proc/self/statm").read_text().split()
    size, resident = (int(page) * resource.getpagesize() for page in pages[:2])
    most = size - resident + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def try_one(seed: int, files: list[Files], sound: Path, scratch: Path, each: int) -> tuple[list[str], int]:
    """The outcomes of so many commands on one mutation, as "verb: outcome", and the most memory in bytes."""
    chosen = random.Random(seed).sample(commands(seed), each) if each < EVERY else commands(seed)
    root = scratch / str(seed)
    results = root / "results"
    results.mkdir(parents=True)
    (root / CANARY).write_text("untouched")
    shutil.copytree(sound, results / SOUND)
    put(results / BAD, *mutated(files, seed))
    said, saying = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(said)
            signal.alarm(LONGEST_S)
            os.chdir(root)
            reading.ROOT = running.ROOT = upkeep.ROOT = complete.ROOT = root
            # Where it would look at this machine, to start something.
            setattr(session, "provide", _refuse)  # noqa: B010
            setattr(session, "read_facts", _refuse)  # noqa: B010
            _limit_memory()
            for arguments in chosen:
                os.write(
                    saying,
                    f"{arguments[0]}: {outcome(arguments, root)!s}".replace("\n", " ").encode() + b"\n",
                )
            complete.results(None, None, "")  # type: ignore[arg-type]
            os.write(saying, b"complete: rendered\n")
        finally:
            os._exit(0)
    os.close(saying)
    with os.fdopen(said) as pipe:
        found = pipe.read().splitlines()
    _, _, used = os.wait4(child, 0)
    peak = used.ru_maxrss * 1024
    if not found or found[-1] != "complete: rendered":
        found.append(f"{[*chosen, ('complete',)][len(found)][0]}: ENDED EARLY, by time or memory")
    if peak > MOST_BYTES:
        found.append("all: MEMORY of more than is allowed")
    shutil.rmtree(root)
    return found, peak


def _warm_up(sound: Path) -> None:
    """Import, and compile what is compiled once: each child would do so by itself."""
    suite = load(sound)
    for render in FORMATS.values():
        render(suite, analyse(suite))
    changes = compare(suite, suite)
    for show in COMPARE_FORMATS.values():
        show(changes, ())
    read(sound)


def is_fault(line: str) -> bool:
    """Whether an outcome is one that mustn't be; those are written large."""
    return line.partition(": ")[2][:2].isupper()


@dataclass
class Tried:
    """What came of some mutations.

    Attributes:
        counts: how often each outcome came.
        faults: the seeds of each outcome that mustn't be.
        peak: the most memory that one took, in bytes.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[int]] = field(default_factory=dict)
    peak: int = 0


def try_all(seeds: Iterable[int], scratch: Path, each: int) -> Tried:
    """Read the mutation of each seed with so many of the commands."""
    tried = Tried()
    files = kinds(scratch / "kinds")
    sound = store(run_of(0, rounds=2, blocks=2), scratch / "sound", SOUND)
    _warm_up(sound)
    for seed in seeds:
        lines, peak = try_one(seed, files, sound, scratch, each)
        tried.peak = max(tried.peak, peak)
        tried.counts.update(lines)
        for line in filter(is_fault, lines):
            tried.faults.setdefault(line, []).append(seed)
    return tried


def main() -> int:
    """scripts/mutate [HOW MANY [FIRST SEED [COMMANDS EACH]]]"""
    numbers = [int(text) for text in sys.argv[1:]]
    many, first, each = numbers + [10_000, 0, EVERY][len(numbers) :]
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        tried = try_all(range(first, first + many), Path(folder), each)
    for line, times in sorted(tried.counts.items()):
        print(f"{times:7} {line}" + (f"  (seeds {tried.faults[line][:5]})" if line in tried.faults else ""))
    print(
        f"{many} mutations, seeds {first} to {first + many - 1}, in {time.monotonic() - began:.0f} s: "
        f"{sum(map(len, tried.faults.values()))} faults, at most {tried.peak >> 20} MB"
    )
    return 1 if tried.faults else 0


if __name__ == "__main__":
    sys.exit(main())
