"""Files of environment variables."""

from __future__ import annotations

from pathlib import Path

from dotenv.parser import parse_stream

from bench.model.errors import UsageError


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file, as python-dotenv reads it; values are taken as they stand.

    Raises:
        UsageError: it can't be read, or a line is no variable; no value is repeated.
    """
    variables: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8") as stream:
            for binding in parse_stream(stream):
                broken = binding.error or "\0" in binding.original.string
                if broken or (binding.key is not None and binding.value is None):
                    raise UsageError(
                        f"--env-file {path}: line {binding.original.line} isn't of the form NAME=VALUE."
                    )
                if binding.key is not None and binding.value is not None:
                    variables[binding.key] = binding.value
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise UsageError(f"--env-file {path}: {why}. Name a file with a line NAME=VALUE each.") from None
    return variables
