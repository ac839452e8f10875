"""A wrong command or configuration: every problem named at once, nothing started, exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.ask.resolution import resolve
from bench.model.errors import UsageError
from bench.store import LATENCY_LOG, RESULT
from tests.cli.conftest import ROOT, SMOKE, Here, wsgi_bench


def test_every_wrong_word_is_named_at_once_and_nothing_is_started(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smok", "--runtime", "docker", "--servers", "gunicron,waitress,nope", "--app",
        "shortli", "--scenarios", "mixt", "--users", "0", "--rate", "fast", "--connection", "open",
        "--seed", "-1", "--out", out,
    )  # fmt: skip

    assert said.code == 2
    assert said.out == ""
    problems = said.err.splitlines()
    assert all(line.startswith("wsgi-bench: ") for line in problems)
    for expected in (
        "profile 'smok' (did you mean 'smoke'?)",
        "runtime 'docker'",
        "server 'gunicron' (did you mean 'gunicorn'?)",
        "server 'nope'",
        "app 'shortli' (did you mean 'shortly'?)",
        "scenario 'mixt' (did you mean 'mixed'?)",
        "--users: '0'",
        "--rate: 'fast'",
        "connection 'open'",
        "--seed: '-1'",
    ):
        assert sum(expected in line for line in problems) == 1, (expected, said.err)
    assert len(problems) == 10
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("list nothing", ["no list of 'nothing'. Known are servers, apps, scenarios, results"]),
        ("report --format pdf", ["no format 'pdf'. Known are html, md"]),
        ("report nowhere", ["nowhere: No such file or directory"]),
        ("resume nowhere", ["nowhere: No such file or directory"]),
        ("run --nonsense", ["No such option '--nonsense'"]),
        (
            "try --threads 8",
            ["No such option '--threads': they are a server's own, as in --server gunicorn:"],
        ),
        ("run --duration 10s", ["No such option '--duration': --minutes says how long a run may take."]),
        ("run -c 16", ["No such option '-c': --users says how many ask at once."]),
        (
            "run --out /proc/none/here",
            ["--out /proc/none/here: No such file or directory. Choose another place."],
        ),
        ("run --users", ["Option '--users' requires an argument"]),
        ("walk", ["No such command 'walk'"]),
        ("run --app not-an-app:x", ["'not-an-app:x' is neither an app of apps/apps.toml nor"]),
        ("run --app hello --scenarios mixed", ["scenario 'mixed' does not fit app 'hello'"]),
        (
            "run --target x=https://localhost:1 --target http://localhost:1 --target y=http://localhost:1 "
            "--target y=http://localhost:2 --scenarios mixed --servers uwsgi",
            [
                "--target 'x=https://localhost:1' is https, which can't be measured",
                "--target 'http://localhost:1' has no name; write NAME=http://localhost:1",
                "--target names 'y' twice",
                "scenario 'mixed' needs stored links, which --target does not write",
                "--servers and --target exclude each other",
            ],
        ),
        (
            "run --target a-twin=http://localhost:1 --target a/b=http://localhost:1 "
            "--target ..=http://localhost:1 --target x=http://localhost:1/app?a=1#b "
            "--target y=http://me@localhost:1 --target z=http://nowhere.invalid:1",
            [
                "--target: 'a-twin' can't be a name",
                "--target: 'a/b' can't be a name",
                "--target: '..' can't be a name",
                "has a path and a query and a fragment, which would not be sent",
                "'y=http://me@localhost:1' has a user",
                "the host of 'nowhere.invalid:1' can't be found",
            ],
        ),
        (
            "run --runtime compose --app tests.cli.apps:right",
            ["tests.cli.apps:right is in no image: these hold apps/ and servers/ of this checkout."],
        ),
        ("run --out README.md", ["README.md is a file, not a directory"]),
        ("run --out README.md/a/b", ["README.md is a file, not a directory"]),
        (f"run --out {'x' * 300}", ["File name too long"]),
        (f"run --app {'x' * 300}:app", ["x.py: File name too long. Correct the name."]),
        (f"report {'x' * 300}", [f"{'x' * 300}: File name too long. Correct the name."]),
    ],
)
def test_wrong_words(here: Here, arguments: str, expected: list[str]) -> None:
    said = here(*arguments.split())

    assert said.code == 2
    assert said.out == ""
    for problem in expected:
        assert said.err.count(problem) == 1, said.err


def test_malformed_files_are_all_named_at_once(here: Here, checkout: Path) -> None:
    (checkout / "docker-compose.yml").write_text("services:\n  gunicorn: [\n")
    (checkout / "apps/apps.toml").write_text("[hello\n")
    (checkout / "bench.toml").write_text("profile = smoke\n")

    said = here("run", cwd=checkout)

    assert said.code == 2
    assert "docker-compose.yml is not valid YAML" in said.err
    assert "apps.toml is not valid TOML" in said.err
    assert "bench.toml is not valid TOML" in said.err
    assert not (checkout / "results").exists()


def test_files_that_say_nonsense_name_the_place(here: Here, checkout: Path) -> None:
    (checkout / "docker-compose.yml").write_text(
        "services:\n"
        "  one: {x-server: {title: 1}, command: serve, environment: {WORKERS: none}}\n"
        "  two: {x-server: yes}\n"
    )
    (checkout / "apps/apps.toml").write_text('[hello]\ncallable = "no colon"\nscenarios = []\ncolour = 1\n')
    (checkout / "bench.toml").write_text("profile = 3\nworker = 1\nblocks = 'many'\n")

    said = here("run", cwd=checkout)

    assert said.code == 2
    for expected in (
        "services.one: command must be a list",
        "services.one: environment.WORKERS must be a number above 0",
        "services.one.x-server: title must be a str",
        "services.two.x-server must be a mapping",
        "[hello]: callable must be module:callable",
        "[hello]: scenarios must name at least one",
        "[hello]: unknown colour",
        "bench.toml, profile: 3 is not text",
        "bench.toml: there is no setting 'worker'",
        "bench.toml, blocks: 'many' is not a whole number",
    ):
        assert expected in said.err, said.err


def test_a_missing_compose_file_says_where_to_run_this(here: Here, checkout: Path) -> None:
    (checkout / "docker-compose.yml").unlink()
    said = here("list", "servers", cwd=checkout)

    assert said.code == 2
    assert "docker-compose.yml doesn't exist; run this in a checkout" in said.err


def test_a_damaged_result_is_named_with_its_place(here: Here, result: Path) -> None:
    file = result / RESULT
    whole = file.read_text()

    file.write_text(whole[: len(whole) // 2])
    torn, unresumed = here("report", result), here("resume", result)
    file.write_text(json.dumps({**json.loads(whole), "schema_version": 99}))
    newer = here("report", result)
    file.write_text(json.dumps({**json.loads(whole), "plan": {"profile": 1}}))
    malformed = here("report", file)
    file.write_text(whole)
    (result / LATENCY_LOG).unlink()
    halved = here("report", result)

    assert {said.code for said in (torn, unresumed, newer, malformed, halved)} == {2}
    assert f"{file}, line" in torn.err
    assert "torn or was edited" in torn.err
    assert unresumed.err == torn.err
    assert "99" in newer.err
    assert f"{file}: result.plan" in malformed.err
    assert str(result / LATENCY_LOG) in halved.err


def test_a_complete_result_is_neither_resumed_nor_overwritten(here: Here, result: Path) -> None:
    before = (result / RESULT).read_bytes()
    resumed = here("resume", result)
    again = here(*SMOKE, "--servers", "waitress", "--out", result)

    assert resumed.code == again.code == 2
    assert "is complete: there is nothing to resume" in resumed.err
    assert "holds a result already" in again.err
    assert (result / RESULT).read_bytes() == before


def test_without_any_result_the_report_says_how_to_get_one(here: Here, checkout: Path) -> None:
    said = here("report", cwd=checkout)

    assert said.code == 2
    assert "holds no result yet" in said.err


def test_a_flag_beats_the_environment_beats_the_file_beats_the_profile(here: Here, checkout: Path) -> None:
    def planned(*flags: str, **variables: str) -> str:
        run = ("run", "--dry-run", "--runtime", "local", "--servers", "waitress", "--app", "hello")
        said = here(*run, *flags, cwd=checkout, env=variables)
        assert said.code == 0, said.err
        return "; ".join(said.out.splitlines()[:2])

    (checkout / "bench.toml").write_text("profile = 'smoke'\nblocks = 7\nseed = 5\n")

    assert "profile smoke, runtime local, seed 5; 1 round of 7 closed" in planned()
    assert "1 round of 8 closed" in planned(WSGI_BENCH_BLOCKS="8")
    assert "1 round of 9 closed" in planned("--blocks", "9", WSGI_BENCH_BLOCKS="8")
    assert "10 rounds of 8 closed" in planned("--profile", "standard", WSGI_BENCH_BLOCKS="8")


def test_the_place_of_a_wrong_value_is_named(here: Here, checkout: Path) -> None:
    (checkout / "bench.toml").write_text("rounds = 0\n")
    said = here("run", cwd=checkout, env={"WSGI_BENCH_USERS": "many"})

    assert said.code == 2
    assert "bench.toml, rounds: 0 is not" in said.err
    assert "WSGI_BENCH_USERS: 'many' is not" in said.err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("users = inf", "users: inf is not a whole number from 1 to 4000"),
        ("rounds = 1.9", "rounds: 1.9 is not a whole number"),
        ("users = 4001", "users: 4001 is not a whole number from 1 to 4000"),
        (f"rate = 1{'0' * 400}", "is not a number from 0.01 to 1000000"),
        ("rate = nan", "rate: nan is not a number"),
        ('out = "a\\u0000b"', "bench.toml, out has a NUL byte in it"),
        ("servers = []", "bench.toml, servers is given without a value"),
        (None, "bench.toml can't be read: Is a directory"),
    ],
)
def test_a_file_with_an_unusable_value(checkout: Path, content: str | None, expected: str) -> None:
    file = checkout / "bench.toml"
    if content is None:
        file.mkdir()
    else:
        file.write_text(content)
    with pytest.raises(UsageError) as caught:
        resolve({}, checkout, {})

    assert len(caught.value.problems) == 1
    assert expected in caught.value.problems[0]


def test_a_higher_place_drops_what_it_excludes_from_a_lower_one(checkout: Path) -> None:
    here = "http://127.0.0.1:1"
    (checkout / "bench.toml").write_text("servers = ['waitress']\nscenarios = ['mixed', 'hello']\n")
    flag = resolve({"target": (f"x={here}",)}, checkout, {})
    variable = resolve({}, checkout, {"WSGI_BENCH_TARGET": f"x={here}"})
    back = resolve({"servers": "gunicorn"}, checkout, {"WSGI_BENCH_TARGET": f"x={here}"})
    (checkout / "bench.toml").write_text("scenarios = ['mixed']\n")
    none_fits = resolve({"target": (f"x={here}",)}, checkout, {})
    with pytest.raises(UsageError, match="needs stored links"):
        resolve({"target": (f"x={here}",), "scenarios": "mixed"}, checkout, {})
    (checkout / "bench.toml").write_text(f"servers = ['waitress']\ntarget = ['x={here}']\n")
    with pytest.raises(UsageError, match="exclude each other"):
        resolve({}, checkout, {})

    for found in (flag, variable):
        assert found.targets == {"x": here}
        assert [scenario.name for _, scenario in found.combinations] == ["hello"]
    assert back.targets == {}
    assert [server.name for server in back.servers] == ["gunicorn"]
    assert [scenario.name for _, scenario in none_fits.combinations] == ["get"]


def test_a_profile_that_claims_nothing_drops_an_old_version_from_a_lower_place(checkout: Path) -> None:
    variables = {"WSGI_BENCH_AGAINST": "nowhere", "WSGI_BENCH_FAIL_IF": "p99 > +10%"}
    found = resolve({"profile": "smoke"}, checkout, variables)
    with pytest.raises(UsageError, match="claims nothing"):
        resolve({"profile": "smoke", "against": "nowhere"}, checkout, {})

    assert (found.old, found.fail_if) == (None, ())


@pytest.mark.parametrize(
    ("app", "runtime", "expected"),
    [
        ("tests.cli.apps:right", "auto", "local"),
        ("tests.cli.apps:right", "local", "local"),
        ("apps.hello.wsgi:application", "auto", "auto"),
        ("hello", "compose", "compose"),
    ],
)
def test_an_app_that_no_image_has_is_measured_without_containers(
    app: str, runtime: str, expected: str
) -> None:
    found = resolve({"app": app, "runtime": runtime}, ROOT, {})

    assert found.runtime == expected
    assert bool(found.runtime_reason) == (runtime != expected)
