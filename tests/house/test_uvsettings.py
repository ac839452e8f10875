"""What uv is told of pip's configuration: the mapping alone; tests/house/test_install.py runs both."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.uvsettings import NotForUv, in_effect, settings


def told(options: dict[str, str], **environ: str) -> dict[str, str]:
    """Variables of uv, without those that it always gets."""
    always = settings({}, {}, ()).variables
    return {n: v for n, v in settings(options, environ, ()).variables.items() if always.get(n) != v}


def test_the_environment_holds_before_the_command_and_that_before_the_rest() -> None:
    listing = (
        "global.index-url='https://a.example'\nglobal.cert='/a'\ninstall.cert='/b'\ninstall.retries='2'\n"
        ":env:.index-url='https://c.example'\n:env:.retries=''\ndownload.cert='/d'\nlist.format='columns'\n"
    )

    assert in_effect(listing) == {"index-url": "https://c.example", "cert": "/b", "retries": "2"}


def test_files_that_differ_are_left_to_pip() -> None:
    assert in_effect("global.cert='/a'\nglobal.cert='/a'\n") == {"cert": "/a"}
    with pytest.raises(NotForUv, match="several of pip's files set cert"):
        in_effect("global.cert='/a'\nglobal.cert='/b'\n")


def test_places_and_how_to_reach_them() -> None:
    assert told(
        {
            "index-url": "https://u:secret@a.example/simple",
            "extra-index-url": "\nhttps://b.example\nhttps://c.example",
            "trusted-host": "b.example c.example:8443",
            "find-links": "~/wheels https://d.example/",
            "default-timeout": "60",
            "retries": "1",
            "client-cert": "/client.pem",
            "no-color": "true",
        },
    ) == {
        "UV_DEFAULT_INDEX": "https://u:secret@a.example/simple",
        "UV_INDEX": "https://b.example https://c.example",
        "UV_INSECURE_HOST": "b.example c.example:8443",
        "UV_FIND_LINKS": f"{Path.home()}/wheels,https://d.example/",
        "UV_HTTP_TIMEOUT": "60",
        "UV_HTTP_RETRIES": "1",
        "SSL_CLIENT_CERT": "/client.pem",
    }


def test_uvs_own_variables_do_not_hold_but_for_its_cache() -> None:
    assert told(
        {}, UV_DEFAULT_INDEX="https://x.example", UV_TARGET="/x", UV_CACHE_DIR="/cache", HOME="/h"
    ) == {
        "UV_CACHE_DIR": "/cache",
        "HOME": "/h",
    }
    assert told({"cache-dir": "/pip"}) == {"UV_CACHE_DIR": "/pip/uv"}
    assert told({"cache-dir": "/pip"}, UV_CACHE_DIR="/cache") == {"UV_CACHE_DIR": "/cache"}
    assert told({"no-cache-dir": "true"}) == {"UV_NO_CACHE": "1"}


def test_no_index_is_an_option() -> None:
    assert settings({"no-index": "yes"}, {}, ()).options == ("--no-index",)
    assert settings({"no-index": "0"}, {}, ()).options == ()


def test_authorities_are_those_that_pip_takes(tmp_path: Path) -> None:
    system = {"SSL_CERT_FILE": "/machine.pem", "SSL_CERT_DIR": "/machine"}

    assert told({}, **system) == system
    assert told({}, **system, CURL_CA_BUNDLE="/c", REQUESTS_CA_BUNDLE="/r")["SSL_CERT_FILE"] == "/r"
    assert told({"cert": "/p"}, CURL_CA_BUNDLE="/c")["SSL_CERT_FILE"] == "/c"
    named = settings({"cert": str(tmp_path)}, system, ()).variables
    assert named["SSL_CERT_DIR"] == str(tmp_path)
    assert not {"SSL_CERT_FILE", "UV_SYSTEM_CERTS"} & named.keys()


def test_pips_proxy_replaces_that_of_the_environment() -> None:
    environ = {"https_proxy": "http://other.example", "NO_PROXY": "a.example"}

    assert told({}, **environ) == environ
    assert told({"proxy": "http://u:secret@p.example:3128"}, **environ) == {
        "ALL_PROXY": "http://u:secret@p.example:3128"
    }


def test_constraints_matter_where_they_name_what_is_locked(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# a comment\ntorch<=2  # another\n\nNot.Locked==1\n")
    options = {"constraint": str(constraints)}

    assert settings(options, {}, {"flask"}).variables == settings({}, {}, ()).variables
    for locked in ("torch", "not-locked"):
        with pytest.raises(NotForUv, match="constraint may change"):
            settings(options, {}, {locked})
    constraints.write_text("-r others.txt\n")
    with pytest.raises(NotForUv, match="constraint may change"):
        settings(options, {}, {"flask"})
    with pytest.raises(NotForUv, match="can't be read"):
        settings({"constraint": "https://a.example/constraints.txt"}, {}, {"flask"})


@pytest.mark.parametrize(
    "option", ["only-binary", "user", "target", "use-deprecated", "what-pip-has-tomorrow"]
)
def test_what_uv_cannot_be_told_is_named_without_its_value(option: str) -> None:
    with pytest.raises(NotForUv) as caught:
        settings({option: "secret"}, {}, ())
    assert str(caught.value) == f"it can't be told pip's option {option}"


def test_a_comma_in_find_links() -> None:
    with pytest.raises(NotForUv, match="comma"):
        settings({"find-links": "/a,b"}, {}, ())
