"""The command line: each verb by its name, and how its failure is said."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click

from bench.cli.say import say
from bench.machine.interrupt import interruptible, shield
from bench.model.errors import BenchError, UsageError
from bench.model.shortage import MEMORY, found_in, sentence

# The module of `bench.cli` that has each verb, and what the list of verbs says of it.
VERBS: Mapping[str, tuple[str, str]] = {
    "calibrate": (
        "upkeep",
        "Measure the load generator's own ceiling on this machine, with answers of 13 bytes.",
    ),
    "clean": (
        "upkeep",
        "Remove containers, networks, images of old versions and cgroups that a killed run left behind.",
    ),
    "compare": ("reading", "Say what changed between two stored results, and how sure that is."),
    "doctor": (
        "upkeep",
        "Say what on this machine would spoil a run, and the fix; exit code 4 if anything would.",
    ),
    "init": (
        "running",
        "Write what `try` finds of your application into this folder's configuration, with the reasons.",
    ),
    "list": ("reading", "List servers, apps, scenarios or results."),
    "report": (
        "reading",
        "Render a stored result, by default the newest; without options all its files and the index.",
    ),
    "resume": ("running", "Continue an interrupted run; `wsgi-bench list results` names those there are."),
    "try": ("running", "Measure your own application, found in this folder or named, within ten minutes."),
    "worker": (
        "worker",
        "Make load for a run of another host: `wsgi-bench run --generators` there waits for it.",
    ),
    "run": ("running", "Measure and compare; the report's path is the last thing said."),
}

_SHORTAGES = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
# Of a name that was given, wherever it is looked for first.
_NO_NAMES = {errno.ENAMETOOLONG, errno.ELOOP}


class _Verbs(click.Group):
    """Imports a verb's module when that verb is meant: the list of them needs none, and is there at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        # Half an import would catch `Interrupted` and name another reason for it.
        with shield():
            module = import_module(f"bench.cli.{VERBS[cmd_name][0]}")
        commands = [value for value in vars(module).values() if isinstance(value, click.Command)]
        return next(command for command in commands if command.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in VERBS.items()])


# What others call it, or what is set elsewhere: options of ab, wrk, oha, hey, k6, locust and of servers.
_HERE = {
    "threads": "they are a server's own, as in --server gunicorn:threads=8",
    **dict.fromkeys(("c", "concurrency", "connections", "vus"), "--users says how many ask at once"),
    **dict.fromkeys(("d", "duration", "z", "t", "run-time"), "--minutes says how long a run may take"),
    **dict.fromkeys(("n", "requests"), "--minutes or --rounds say how much is measured"),
    **dict.fromkeys(("R", "qps", "q"), "--rate says how many requests a second are due"),
    **dict.fromkeys(("H", "headers"), "--header 'NAME: VALUE' goes with every --url"),
    **dict.fromkeys(("m", "method"), "--url 'POST /path' says it"),
    **dict.fromkeys(("w", "worker"), "--workers says how many processes servers have"),
    "body": "--data is the body of a --url, --json-body the same as JSON",
}


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wsgi-bench")
def cli() -> None:
    """Which WSGI server serves this application best on this machine, and how sure are we?"""


def _with_help(error: click.ClickException) -> str:
    """What click found wrong with the command line, and where to read how it is right."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    verb = "wsgi-bench" if context is None else context.command_path
    said = error.format_message()
    if isinstance(error, click.NoSuchOption) and (here := _HERE.get(error.option_name.strip("-"))):
        said = f"No such option '{error.option_name}': {here}."
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} `{verb} --help` says how it is used."


def _require_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UsageError("The folder that this was called in isn't there any more. Go to another.") from None


def main() -> int:
    """Run a verb; every failure is one message and its exit code."""
    try:
        with interruptible():
            _require_folder()
            return cli(standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.ClickException as error:
        say(f"wsgi-bench: {_with_help(error)}", sys.stderr)
        return UsageError.exit_code
    except UsageError as error:
        for problem in error.problems:
            say(f"wsgi-bench: {problem}", sys.stderr)
        return error.exit_code
    except BenchError as error:
        say(f"wsgi-bench: {error}", sys.stderr)
        return error.exit_code
    except MemoryError:
        say(f"wsgi-bench: {sentence(MEMORY, 'the harness')}.", sys.stderr)
        return BenchError.exit_code
    except OSError as error:
        if error.errno in _NO_NAMES:
            say(f"wsgi-bench: {error.filename}: {error.strerror}. Correct the name.", sys.stderr)
            return UsageError.exit_code
        if error.errno not in _SHORTAGES:
            raise
        short = found_in(error)
        where = f" ({error.filename})" if error.filename else ""
        too_little = f"this machine has too little of something: {error.strerror}{where}. Free some"
        what = sentence(short, "the harness") if short else too_little
        say(f"wsgi-bench: {what}.", sys.stderr)
        return BenchError.exit_code
