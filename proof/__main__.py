"""`make prove`: try every claim, keep what was found, write the table into the documentation."""

from __future__ import annotations

import platform
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from bench.machine.environment import describe, split_cpus
from bench.machine.interrupt import interruptible
from bench.model.errors import BenchError, Interrupted, UsageError
from bench.store import replace_file
from proof.claim import Claim
from proof.claims import CLAIMS
from proof.evidence import Archive, Evidence, Row
from proof.machine import ROOT, Disturbance
from proof.published import Published
from proof.table import insert, render

PAGE = ROOT / "docs" / "methodology.md"
RESULTS = ROOT / "results"


@click.command()
@click.option("--quick", is_flag=True, help="Shorter forms: minutes instead of five hours.")
@click.option("--again", is_flag=True, help="Try again what has been tried, too.")
@click.argument("names", nargs=-1, metavar="[CLAIM]...")
def prove(quick: bool, again: bool, names: tuple[str, ...]) -> int:
    """Try the claims, or those that are named. What an earlier call has tried is skipped."""
    mode = "quick" if quick else "full"
    archive = Archive.of_this_machine(RESULTS, mode)
    published = Published.of(RESULTS, mode)
    chosen = choose(names)
    if again:
        forget(archive, chosen)
    for claim in chosen:
        if not is_tried(archive, claim):
            say(f"{claim.name}: {claim.title}")
            row = tried(archive, claim, mode)
            archive.save(row)
            published.add(row)
            write_table(published, mode)
        say(f"{claim.name}: {words(archive, claim)}")
    write_table(published, mode)
    return 0 if all(holds(archive, claim) for claim in chosen) else 1


def choose(names: Sequence[str]) -> list[Claim]:
    """The claims of these names, all without any.

    Raises:
        UsageError: there is no such claim.
    """
    known = {claim.name: claim for claim in CLAIMS}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise UsageError(f"There is no claim {', '.join(wrong)}. Known are {', '.join(known)}.")
    return [claim for claim in CLAIMS if not names or claim.name in names]


def forget(archive: Archive, claims: Sequence[Claim]) -> None:
    """Remove the rows of these claims, the runs they were made from, and the rows made from any of those."""
    directories = {name for claim in claims for name in claim.runs}
    for name in directories:
        shutil.rmtree(archive.runs(name), ignore_errors=True)
    for claim in CLAIMS:
        if claim in claims or directories.intersection(claim.runs):
            archive.forget(claim.name)


def is_tried(archive: Archive, claim: Claim) -> bool:
    row = archive.load(claim.name)
    return row is not None and row.evidence.holds is not None


def holds(archive: Archive, claim: Claim) -> bool:
    """Whether it holds, or couldn't be decided here for a reason that its row gives."""
    row = archive.load(claim.name)
    return row is not None and row.evidence.holds is not False


def words(archive: Archive, claim: Claim) -> str:
    row = archive.load(claim.name)
    assert row is not None, "it was tried"
    found = row.evidence
    word = {"yes": "holds", "no": "DOES NOT HOLD"}.get(found.word, found.word)
    return f"{word}: " + "; ".join(part for part in (found.reached, found.note) if part)


def tried(archive: Archive, claim: Claim, mode: str) -> Row:
    """Try one claim. A failure is a row, too, which the next call tries again."""
    began = time.monotonic()
    disturbance = Disturbance()
    try:
        found = (claim.quick if mode == "quick" else claim.full)(archive)
    except Interrupted:
        raise
    except BenchError as error:
        found = Evidence("", None, str(error))
    if found.holds is False:
        found = Evidence(
            found.reached, False, "; ".join(filter(None, [found.note, disturbance.words()])), found.raw
        )
    return Row(
        claim=claim.name,
        title=claim.title,
        must_be=claim.must_be,
        evidence=found,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        mode=mode,
        took_s=time.monotonic() - began,
    )


def machine() -> str:
    """E.g. "2 x AMD EPYC 7R13, Linux 6.1, Python 3.13.1"."""
    found = describe(runtime="local", docker=None, versions={}, images={}, cpu_split=split_cpus(), notes=())
    return f"{found.cpus} x {found.cpu_model}, {found.kernel}, Python {platform.python_version()}"


def write_table(published: Published, mode: str) -> None:
    replace_file(PAGE, [insert(PAGE.read_text(encoding="utf-8"), mode, render(published, mode))])


def say(text: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {text}", err=True)


def main() -> int:
    try:
        with interruptible():
            code: int = prove(standalone_mode=False)
            return code
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except BenchError as error:
        print(f"prove: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
