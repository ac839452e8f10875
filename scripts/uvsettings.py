"""What uv is told of pip's configuration, so that it takes the same files from the same place.

pip's options are those of https://pip.pypa.io/en/stable/cli/pip_install/, uv's variables those of
https://docs.astral.sh/uv/reference/environment/. The standard library alone: nothing is installed yet.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

# What a later section says holds: of `pip config list`, as pip itself reads it.
_SECTIONS = ("global", "install", ":env:")
_WORDS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
}
# They change what pip says, or what holds anyway: hashes are required, and .venv/ is a virtual environment.
_WITHOUT_EFFECT = re.compile(
    "break-system-packages|config-file|debug|disable-pip-version-check|exists-action|log|no-color|no-input|"
    "no-python-version-warning|no-warn-conflicts|no-warn-script-location|progress-bar|quiet|require-hashes|"
    "require-virtualenv|root-user-action|verbose"
)
_ALWAYS = {
    # Any index may have a file, as with pip; its hash says whether it is the right one.
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_CONFIG": "1",
    "UV_NO_PROGRESS": "1",
    # The authorities that this machine trusts, where nothing names a file of them.
    "UV_SYSTEM_CERTS": "1",
}


class NotForUv(Exception):
    """Why pip has to do it, without any value of its configuration: there may be a password in it."""


@dataclass(frozen=True)
class Settings:
    """How uv is called: all its environment variables, and options that have no variable."""

    variables: Mapping[str, str]
    options: tuple[str, ...] = ()


def in_effect(listing: str) -> dict[str, str]:
    """Options that hold for `pip install`, by what `pip config list` printed.

    Raises:
        NotForUv: two of pip's files differ in an option, and the list doesn't say which file is which; or
            it isn't such a list.
    """
    sections: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        name, _, written = line.partition("=")
        section, _, option = name.rpartition(".")
        if section not in sections:
            continue
        try:
            value = str(ast.literal_eval(written)).strip()
        except (SyntaxError, ValueError):
            raise NotForUv("the list of pip's settings can't be read") from None
        if sections[section].setdefault(option, value) != value:
            raise NotForUv(f"several of pip's files set {option}")
    # To pip, too, an empty value is none.
    return {option: value for section in _SECTIONS for option, value in sections[section].items() if value}


def settings(options: Mapping[str, str], environ: Mapping[str, str], locked: Collection[str]) -> Settings:
    """uv's settings from pip's options, this process's environment, and the names that are to be installed.

    uv's own variables don't hold, but for the place of its cache: where something comes from is pip's to say.

    Raises:
        NotForUv: uv can't be told one of the options.
    """
    variables = {n: v for n, v in environ.items() if not n.startswith("UV_") or n == "UV_CACHE_DIR"} | _ALWAYS
    arguments: list[str] = []
    # requests, by which pip asks, prefers its own variables to what pip was told.
    bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
    for option, value in (dict(options) | ({"cert": bundle} if bundle else {})).items():
        match option:
            case "cert":
                _name_authorities(variables, Path(value).expanduser())
            case "client-cert":
                variables["SSL_CLIENT_CERT"] = str(Path(value).expanduser())
            case "proxy":
                _name_proxy(variables, value)
            case "find-links":
                variables["UV_FIND_LINKS"] = _links(value)
            case "no-index":
                arguments += ["--no-index"] if _is_true(value) else []
            case "no-cache-dir":
                variables["UV_NO_CACHE"] = "1"
            case "cache-dir":
                variables.setdefault("UV_CACHE_DIR", str(Path(value).expanduser() / "uv"))
            case "constraint":
                _check_constraints(value.split(), locked)
            case _ if option in _WORDS:
                variables[_WORDS[option]] = " ".join(value.split())
            case _ if not _WITHOUT_EFFECT.fullmatch(option):
                raise NotForUv(f"it can't be told pip's option {option}")
    return Settings(variables, tuple(arguments))


def normalized(name: str) -> str:
    """A distribution's name as all write it alike (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_true(value: str) -> bool:
    return value.lower() in ("y", "yes", "t", "true", "on", "1")


def _name_authorities(variables: dict[str, str], path: Path) -> None:
    """These alone are trusted: whatever else the environment names is taken out."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_SYSTEM_CERTS"):
        variables.pop(name, None)
    variables["SSL_CERT_DIR" if path.is_dir() else "SSL_CERT_FILE"] = str(path)


def _name_proxy(variables: dict[str, str], proxy: str) -> None:
    """pip's own proxy is for every host, whatever the environment says."""
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        for spelt in (name, name.lower()):
            variables.pop(spelt, None)
    variables["ALL_PROXY"] = proxy


def _links(value: str) -> str:
    words = [str(Path(word).expanduser()) if word.startswith("~") else word for word in value.split()]
    if any("," in word for word in words):
        raise NotForUv("a comma in pip's option find-links would be read as two places")
    return ",".join(words)


def _check_constraints(paths: Collection[str], locked: Collection[str]) -> None:
    """uv takes no range as a constraint where hashes are required; most constrain nothing of the lock file.

    Raises:
        NotForUv: one of them may.
    """
    for path in paths:
        try:
            lines = [
                line.partition("#")[0].strip() for line in Path(path).expanduser().read_text().splitlines()
            ]
        except (OSError, UnicodeDecodeError):
            raise NotForUv("a file that pip's option constraint names can't be read") from None
        for line in filter(None, lines):
            name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
            if name is None or normalized(name[0]) in locked:
                raise NotForUv("pip's option constraint may change what is installed")
