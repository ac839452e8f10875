"""Where pip is told to get packages from, said to uv where nobody has configured uv itself.

pip's options are those of https://pip.pypa.io/en/stable/topics/configuration/, uv's variables those of
https://docs.astral.sh/uv/reference/environment/.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

_WORDS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    # It has no variable for no index at all; a folder of wheels can be had without a network.
    "no-index": "UV_OFFLINE",
}
# Who says one of these has configured uv.
_OF_UV = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_CONFIG_FILE",
)


def for_uv(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """uv's variables from pip's settings; none of those that are set, and none at all if uv has its own.

    Args:
        folder: whose configuration of uv would hold.
    """
    home = Path(environment.get("HOME", "/"))
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    if any(name in environment for name in _OF_UV) or any(
        path.is_file() for path in (config / "uv/uv.toml", Path("/etc/uv/uv.toml"), folder / "uv.toml")
    ):
        return {}
    options: dict[str, str] = {}
    files = (Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf")
    for path in (*files, *([Path(own)] if (own := environment.get("PIP_CONFIG_FILE")) else [])):
        options |= _read(path)
    options |= {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith("PIP_")
    }
    variables = {
        # uv wants commas between folders.
        word: (",".join if word == "UV_FIND_LINKS" else " ".join)(options[option].split())
        for option, word in _WORDS.items()
        if options.get(option) and word not in environment
    }
    # To pip every index is as good as the others.
    return variables | ({"UV_INDEX_STRATEGY": "unsafe-best-match"} if "UV_INDEX" in variables else {})


def _read(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        # pip itself will complain of it.
        return {}
    sections = [parser[name] for name in ("global", "install") if parser.has_section(name)]
    return {option.replace("_", "-"): value for section in sections for option, value in section.items()}
