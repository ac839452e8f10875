"""Requests of a user's own, by the real command: measured, stored without secrets, named again to go on."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from bench.store import RESULT, load
from tests.cli.conftest import ROOT, Here, measured, wsgi_bench
from tests.shop import Shop, serving

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
QUICK = ("run", "--profile", "smoke", "--blocks", "1", "--users", "2", "--rate", "50")
ASKS = (
    "--url", "/", "--url", "3*/items/7 ~h1", "--url", "POST /cart 303", "--data", "pin=swordfish",
    "--header", "Authorization: Bearer swordfish", "--header", "Accept: text/html", "--host", "shop.example",
)  # fmt: skip


SCENARIO = """
[values]
account = { csv = "accounts.csv" }

[[login]]
path = "/login"
capture.csrf = { regex = 'value="([0-9]+)"' }

[[login]]
method = "POST"
path = "/login"
form = { name = "${account.name}", password = "${account.password}", csrf = "${csrf}" }
expect.status = 302

[[requests]]
name = "form"
weight = 0
path = "/form"
capture.token = { regex = 'value="([0-9]+)"' }

[[requests]]
name = "buy"
method = "POST"
path = "/buy"
after = "form"
form = { token = "${token}" }
expect.status = 303

[[requests]]
path = "/account"
expect.contains = "account of"
"""


def plain(text: str) -> str:
    """Without line breaks, wherever the terminal has them."""
    return " ".join(text.split())


@pytest.mark.slow
def test_urls_are_measured_and_their_secrets_are_not_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving(Shop()) as url:
        said = wsgi_bench(*QUICK, "--out", out, "--target", f"x={url}", *ASKS)
        suite = measured(said, out)
        jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)

        files = [path for path in out.rglob("*") if path.is_file()]
        assert not [path.name for path in files if "swordfish" in path.read_text()]
        assert "swordfish" not in said.out + said.err
        stored = suite.plan.scenarios["urls"]
        assert [request.name for request in stored.requests] == ["GET /", "GET /items/7", "POST /cart"]
        assert all(("Authorization", "***") in request.headers for request in stored.requests)
        assert all(("Accept", "text/html") in request.headers for request in stored.requests)
        for words in (
            "The result holds no values of the header Authorization and bodies: they may be secret.",
            "The field Host said shop.example.",
            "No answer to the probes set a cookie, so that all users were the same.",
            "--url '3*/items/7 ~h1' --url 'POST /cart 303'",
            "--header 'Authorization: ***'",
        ):
            assert words in plain((out / "report.md").read_text().replace("\\", "")), words

        # As a run that was broken off before its first block.
        document = json.loads((out / RESULT).read_text())
        document["complete"] = False
        for case in document["cases"]:
            case["trials"] = []
        (out / RESULT).write_text(json.dumps(document))
        said = wsgi_bench("resume", out)
        assert said.code == 2
        assert "names requests of a user's own" in plain(said.err)
        assert "--url / --url '3*/items/7 ~h1'" in plain(said.err)
        said = wsgi_bench("resume", out, *ASKS[:-2])
        assert said.code == 2
        assert "asked other requests than are named now" in plain(said.err)
        said = wsgi_bench("resume", out, *ASKS)
        measured(said, out)


def test_a_scenario_file_is_measured_behind_a_login(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("name,password\nada,swordfish-1\nbob,swordfish-2\n")
    (tmp_path / "shop.toml").write_text(SCENARIO)
    out, shop = tmp_path / "out", Shop()
    shop.password = {"ada": "swordfish-1", "bob": "swordfish-2"}
    with serving(shop) as url:
        said = wsgi_bench(*QUICK, "--out", out, "--target", f"x={url}", "--scenario", tmp_path / "shop.toml")
    suite = measured(said, out)
    jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)
    assert not [path.name for path in out.rglob("*") if path.is_file() and "swordfish" in path.read_text()]
    assert {status for trial in suite.trials for status in trial.statuses} == {"200", "303"}
    assert set(shop.users) == {"ada", "bob"}
    for words in (
        "Each user kept the cookies that it got: before and sid.",
        "Users logged in once a deployment, which counts for nothing: GET /login and POST /login.",
        "The result holds no values of bodies and values that were drawn: they may be secret.",
        "| buy | <code>POST /buy</code> | 50.0 | status 303; after form |",
    ):
        assert words in plain((out / "report.md").read_text().replace("\\", "")), words


def test_a_page_behind_a_login_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with serving(Shop()) as url:
        said = wsgi_bench(*QUICK, "--out", tmp_path / "out", "--target", f"x={url}", "--url", "/account")
    assert said.code == 3
    (failure,) = load(tmp_path / "out").failures
    assert (
        "answers 302 to /login?next=/account, which would measure the redirect and no page" in failure.reason
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "/ nowhere"), "is not [WEIGHT*][METHOD ]PATH[ STATUS][ ~TEXT]"),
        (("--url", "/", "--scenarios", "hello"), "--scenarios and --url exclude each other"),
        (("--data", "a=1"), "--data goes with --url"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(
    here: Here, arguments: tuple[str, ...], words: str
) -> None:
    said = here("run", "--target", "x=http://127.0.0.1:1", *arguments)
    assert said.code == 2
    assert words in said.err


def test_a_dry_run_says_what_would_be_asked(here: Here, tmp_path: Path) -> None:
    target = ("--target", "x=http://127.0.0.1:1")
    said = here("run", "--dry-run", *target, "--url", "3*/a", "--url", "POST /b 303")
    assert "urls: 75% GET /a, 25% POST /b" in plain(said.out)
    (tmp_path / "accounts.csv").write_text("name,password\nada,swordfish\n")
    (tmp_path / "shop.toml").write_text(SCENARIO)
    said = here("run", "--dry-run", *target, "--scenario", tmp_path / "shop.toml")
    assert "shop: 50% POST /buy, 50% GET /account, after a login of 2 requests" in plain(said.out)


def test_a_variable_and_a_file_ask_as_options_do(here: Here, checkout: Path) -> None:
    (checkout / "bench.toml").write_text(
        'url = ["/a,b", "2*/c"]\nno_cookies = true\ntarget = ["x=http://127.0.0.1:1"]\n'
    )
    said = here("run", "--dry-run", cwd=checkout)
    assert said.code == 0, said.err
    assert "urls" in said.out
    said = here("run", "--dry-run", cwd=checkout, env={"WSGI_BENCH_URL": "/\nget /x"})
    assert "there is no method 'get'" in said.err
    said = here("run", "--dry-run", cwd=checkout, env={"WSGI_BENCH_NO_COOKIES": "perhaps"})
    assert "'perhaps' is neither true nor false" in said.err
