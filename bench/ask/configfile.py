"""The file that settings may stand in: `bench.toml`, or `[tool.wsgi-bench]` of `pyproject.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bench.ask.settings import SETTINGS
from bench.ask.words import hint
from bench.catalogue.home import inside
from bench.model.problems import Problems

CONFIG_FILE = "bench.toml"
PYPROJECT = "pyproject.toml"
TABLE = "wsgi-bench"


def config_file(root: Path, here: Path) -> Path:
    """Where the settings of a run stand, if they do: in the checkout in its own file; elsewhere in one of the
    working directory.
    """
    if inside(here, root):
        return root / CONFIG_FILE
    own = here / CONFIG_FILE
    return own if own.exists() or not (here / PYPROJECT).is_file() else here / PYPROJECT


def read_config(path: Path, problems: Problems) -> dict[str, Any]:
    """The settings of a file, by name; none without such a file.

    Args:
        problems: told what can't be read, and of what is no setting.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.note(f"{path.name} can't be read: {error.strerror}. Make it a readable file, or remove it.")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.note(f"{path.name} is not valid TOML: {error}. Correct it, or remove it.")
        return {}
    if path.name == PYPROJECT:
        tool = table.get("tool")
        table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        problems.note(f"{path.name}: [tool.{TABLE}] must be a table.")
        return {}
    settings = {name.replace("-", "_"): value for name, value in table.items()}
    problems.note(
        *(
            f"{path.name}: there is no setting {name!r}{hint(name, SETTINGS)}."
            for name in table
            if name.replace("-", "_") not in SETTINGS
        )
    )
    return {name: value for name, value in settings.items() if name in SETTINGS}
