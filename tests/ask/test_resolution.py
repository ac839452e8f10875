"""A setting is a row: one more of them is everywhere that a setting has to be."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bench.ask.documented import documented
from bench.ask.precedence import ENVIRONMENT_PREFIX, merged, read_flags
from bench.ask.resolution import resolve
from bench.ask.settings import REPEATED, SETTINGS, Setting, flag
from bench.cli.options import run_options
from bench.cli.verbs import VERBS, cli
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.plan.layout import Profile, make_plan
from bench.report.repeat import repeat_command
from tests.make_suite import make_suite
from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]
WORD = Setting(
    "hull_paint", "word", "what the hulls get", "It dries.", choices=("red", "green"), default="red"
)
SEVERAL = Setting("sea_shanty", "several", "Sing it", form="a song", metavar="SONG")
NUMBER = Setting("knots", "number", "Speed", lowest=0.5, highest=1_200, default=8.0)
PLANTED = ((WORD, "green", "green"), (SEVERAL, "Wellerman", ("Wellerman",)), (NUMBER, "7.50", 7.5))


@pytest.fixture(params=PLANTED, ids=[row.name for row, _, _ in PLANTED])
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Setting, str, Any]:
    """A row that no setting has, a text that gives it, and its value."""
    row, text, value = request.param
    monkeypatch.setitem(SETTINGS, row.name, row)
    return row, text, value


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A root with what the command reads, and a place for `bench.toml`."""
    for name in ("docker-compose.yml", "apps"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def command() -> click.Command:
    """A verb with the options of `run`, which prints what it was given."""

    @click.command()
    @run_options
    def verb(**flags: Any) -> None:
        click.echo(resolve(flags, ROOT, {}).given)

    return verb


def test_a_planted_setting_is_an_option(planted: tuple[Setting, str, Any]) -> None:
    row, text, value = planted
    said = CliRunner().invoke(command(), [flag(row.name), text], catch_exceptions=False)
    usage = CliRunner().invoke(command(), ["--help"]).stdout

    assert f"'{row.name}': {value!r}" in said.stdout
    assert f"--{row.name.replace('_', '-')} {row.metavar or ('N' if row is NUMBER else 'TEXT')}" in usage
    assert row.help in usage


def test_a_planted_setting_is_a_variable(planted: tuple[Setting, str, Any]) -> None:
    row, text, value = planted

    assert resolve({}, ROOT, {ENVIRONMENT_PREFIX + row.name.upper(): text}).given[row.name] == value


def test_a_planted_setting_is_a_key_of_the_file(planted: tuple[Setting, str, Any], checkout: Path) -> None:
    row, _, value = planted
    written = list(value) if isinstance(value, tuple) else value
    (checkout / "bench.toml").write_text(f"{row.name} = {written!r}\n")

    assert resolve({}, checkout, {}).given[row.name] == value


def test_a_planted_setting_is_checked_by_its_row(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for row in (WORD, NUMBER):
        monkeypatch.setitem(SETTINGS, row.name, row)
    (checkout / "bench.toml").write_text("hull_pain = 'red'\nhull_paint = 'gren'\n")

    with pytest.raises(UsageError) as refused:
        resolve({"knots": "0.4"}, checkout, {"WSGI_BENCH_KNOTS": "fast"})

    assert refused.value.problems == (
        "bench.toml: there is no setting 'hull_pain' (did you mean 'hull_paint'?).",
        "bench.toml, hull_paint: there is no hull_paint 'gren' (did you mean 'green'?). "
        "Known are red, green.",
        "WSGI_BENCH_KNOTS: 'fast' is not a number from 0.5 to 1200.",
        "--knots: '0.4' is not a number from 0.5 to 1200.",
    )


def test_a_mistyped_variable_is_no_setting_left_out() -> None:
    with pytest.raises(UsageError) as refused:
        resolve({}, ROOT, {"WSGI_BENCH_PROFIEL": "smoke", "WSGI_BENCH_ROUND": "3", "WSGI_BENCH_USERS": "4"})

    assert refused.value.problems == (
        "WSGI_BENCH_PROFIEL: there is no such setting (did you mean WSGI_BENCH_PROFILE?).",
        "WSGI_BENCH_ROUND: there is no such setting (did you mean WSGI_BENCH_ROUNDS?).",
    )


@pytest.mark.parametrize(
    "name", ["WSGI_BENCH_SECRET", "WSGI_BENCH_DIR", "WSGI_BENCH_", "MY_WSGI_BENCH_ROUND"]
)
def test_a_variable_of_somebody_else_is_left_to_them(name: str) -> None:
    assert resolve({"seed": "1"}, ROOT, {name: "x"}).given == resolve({"seed": "1"}, ROOT, {}).given


def test_a_planted_setting_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, WORD.name, WORD)
    verb = command()
    (option,) = [option for option in verb.params if option.name == WORD.name]

    assert [item.value for item in option.shell_complete(click.Context(verb), "g")] == ["green"]


def test_a_planted_setting_has_its_row_in_the_documentation(planted: tuple[Setting, str, Any]) -> None:
    rows = {
        WORD: "| `hull_paint` | `red`, `green` | red | What the hulls get. It dries. |\n",
        SEVERAL: "| `sea_shanty` | a song, several |  | Sing it. |\n",
        NUMBER: "| `knots` | 0.5 to 1,200 | 8 | Speed. |\n",
    }

    assert rows[planted[0]] in documented()


def test_a_planted_setting_is_repeated(planted: tuple[Setting, str, Any]) -> None:
    row, _, value = planted
    given = (value * 2) if isinstance(value, tuple) else value
    asked = resolve({row.name: given}, ROOT, {})
    plan = make_plan(
        asked.profile, "local", asked.servers, asked.combinations, seed=1, rate=None, given=asked.given
    )
    suite = replace(make_suite({"a": 1.0}, rounds=1, blocks=1, histograms=False), plan=plan)
    times = 2 if row is SEVERAL else 1

    assert repeat_command(suite).count(f" {flag(row.name)} {value[0] if times == 2 else value}") == times


@pytest.mark.parametrize(
    "row", [row for row in SETTINGS.values() if row.kind != "flag"], ids=lambda r: r.name
)
def test_a_value_that_is_empty_is_none(row: Setting, tmp_path: Path) -> None:
    """A script's variable with a mistake in its name would measure something else without a word."""
    for empty in ("", " "):
        value = (empty,) if row.kind in REPEATED else empty
        with pytest.raises(UsageError) as refused:
            read_flags({row.name: value})
        assert flag(row.name) in refused.value.problems[0]

    unset = {ENVIRONMENT_PREFIX + row.name.upper(): ""}
    assert merged({}, tmp_path / "none.toml", unset, Problems()) == {}


def test_a_row_names_what_there_is() -> None:
    profile = {field.name for field in fields(Profile)}
    for row in SETTINGS.values():
        assert not row.profile or row.profile in profile, row.name
        assert set(row.drops) <= SETTINGS.keys(), row.name
        assert bool(row.choices) == (row.kind == "word"), row.name
        assert row.kind not in ("whole", "number") or row.lowest < row.highest, row.name


def test_the_list_of_verbs_is_what_they_say_of_themselves() -> None:
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in VERBS}

    assert {name: command.get_short_help_str(200) for name, command in commands.items() if command} == {
        name: sentence for name, (_, sentence) in VERBS.items()
    }


def test_help_imports_no_package_but_click() -> None:
    """How long that takes is the machine's affair; what is imported is ours."""
    packages = imported("-m", "bench", "--help") - imported("-c", "pass")

    assert packages & packages_distributions().keys() - {"bench"} == {"click"}


def imported(*arguments: str) -> set[str]:
    """The packages that Python imports when it is called so."""
    command = [sys.executable, "-X", "importtime", *arguments]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=HANGS_S
    ).stderr
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
