"""What the user gave, and where: flags over environment variables over `bench.toml`, each as its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.ask.configfile import read_config
from bench.ask.settings import LISTS, SETTINGS, Setting, flag
from bench.ask.targets import FITTING
from bench.ask.words import check_word
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.plan.layout import PROFILES

ENVIRONMENT_PREFIX = "WSGI_BENCH_"
_ALL_BUT = 0.8
"""How alike two names are (difflib's ratio) of which one is taken for the other, mistyped."""


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != ()


def merged(
    flags: Mapping[str, Any], config: Path, environment: Mapping[str, str], problems: Problems
) -> dict[str, Any]:
    """The value of each setting that was given, from the highest place that has it.

    Args:
        flags: option name to value; None, False or () where the option wasn't given.
        config: the file that settings may stand in, see `configfile`.
        problems: collects what is wrong with values; the others are returned.
    """
    variables = {
        name: value for name in SETTINGS if (value := environment.get(ENVIRONMENT_PREFIX + name.upper()))
    }
    problems.note(*_mistyped(environment))
    options = {name: value for name, value in flags.items() if _is_given(value)}
    given: dict[str, Any] = {}
    for values, prefix, spelled in (
        (read_config(config, problems), f"{config.name}, ", str),
        (variables, ENVIRONMENT_PREFIX, str.upper),
        (options, "", flag),
    ):
        for name in values:
            for void in _void(name, values):
                given.pop(void, None)
        if "target" in values and "scenarios" not in values and "scenarios" in given:
            given["scenarios"] = tuple(name for name in given["scenarios"] if name in FITTING)
        for name, value in values.items():
            given.pop(name, None)
            with problems.collected():
                given[name] = _read(SETTINGS[name], value, prefix + spelled(name))
    return given


def _mistyped(environment: Mapping[str, str]) -> Iterable[str]:
    """A sentence for each variable that all but has the name of a setting. Others may be anybody's."""
    known = [ENVIRONMENT_PREFIX + name.upper() for name in SETTINGS]
    for variable in sorted(environment):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            name = variable.removeprefix(ENVIRONMENT_PREFIX)
            if meant := get_close_matches(name, map(str.upper, SETTINGS), n=1, cutoff=_ALL_BUT):
                yield f"{variable}: there is no such setting (did you mean {ENVIRONMENT_PREFIX}{meant[0]}?)."


def read_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each setting that an option gives, and nothing else does.

    Raises:
        UsageError: names every value that can't be that.
    """
    options = {name: value for name, value in flags.items() if _is_given(value)}
    given: dict[str, Any] = {}
    with Problems() as problems:
        for name, value in options.items():
            with problems.collected():
                given[name] = _read(SETTINGS[name], value, flag(name))
    return given


def _void(name: str, values: Mapping[str, Any]) -> Iterable[str]:
    """The settings of lower places that don't hold beside this one, unless its own place has them, too."""
    dropped = set(SETTINGS[name].drops)
    if name == "profile" and isinstance(values[name], str):
        profile = PROFILES.get(values[name])
        if profile is not None and not profile.claims:
            # No change is found by it, so an old version that is set for other runs isn't meant.
            dropped |= {row.name for row in SETTINGS.values() if row.claims}
    return dropped - values.keys()


def _read(setting: Setting, value: Any, place: str) -> Any:
    """The value as its setting's type.

    Raises:
        UsageError: it can't be that.
    """
    if setting.kind == "lines":
        return _lines(value, place)
    if setting.kind in LISTS:
        return _names(value, place)
    if setting.kind == "flag":
        return _said(value, place)
    if setting.kind in ("whole", "number"):
        return _limited(setting, value, place)
    if setting.kind == "share":
        return _share(setting, value, place)
    _require_text([value], place)
    if setting.kind == "text" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"{place}: {value!r} is not text.")
    if setting.kind == "word":
        check_word(setting.name, value, setting.choices, f"{place}: ")
    return value


def _require_text(values: Sequence[Any], place: str) -> None:
    """Refuse what is given and empty, as a script's variable is whose name has a mistake in it, and what no
    command line, path or variable can have: TOML writes a NUL byte as \\u0000.

    Raises:
        UsageError: it is.
    """
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise UsageError(f"{place} has a NUL byte in it. Leave that out.")
    if not values or any(isinstance(value, str) and not value.strip() for value in values):
        raise UsageError(f"{place} is given without a value. Leave it out, or say what it is to be.")


def _names(value: Any, place: str) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if isinstance(items, Sequence) and all(isinstance(item, str) for item in items):
        _require_text([item.replace(",", " ") for item in items], place)
        return tuple(part.strip() for item in items for part in item.split(",") if part.strip())
    raise UsageError(f"{place}: {value!r} is not a list of names. Write them with commas between.")


def _lines(value: Any, place: str) -> tuple[str, ...]:
    items = list(filter(str.strip, value.splitlines())) if isinstance(value, str) else value
    if isinstance(items, Sequence) and all(isinstance(item, str) for item in items):
        _require_text(items, place)
        return tuple(items)
    raise UsageError(f"{place}: {value!r} is not a list of texts.")


def _said(value: Any, place: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    said = value if isinstance(value, bool) else words.get(str(value).lower())
    if said is None:
        raise UsageError(f"{place}: {value!r} is neither true nor false.")
    return said


def _limited(setting: Setting, value: Any, place: str) -> int | float:
    kind: type[int] | type[float] = int if setting.kind == "whole" else float
    number = _number(value, kind)
    if number is None or not setting.lowest <= number <= setting.highest:
        raise UsageError(
            f"{place}: {value!r} is not {'a whole number' if kind is int else 'a number'} "
            f"from {setting.lowest} to {setting.highest}."
        )
    return number


def _share(setting: Setting, value: Any, place: str) -> float:
    text = str(value).strip()
    percent = text.endswith("%")
    number = _number(text.removesuffix("%"), float)
    share = None if number is None else number / 100 if percent else number
    if share is None or isinstance(value, bool) or not setting.lowest <= share <= setting.highest:
        raise UsageError(
            f"{place}: {value!r} is not a share from {setting.lowest:.2%} to {setting.highest:.0%}. "
            f"Write 1.5% or 0.015."
        )
    return share


def _number(value: Any, kind: type[int] | type[float]) -> int | float | None:
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        return None
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return None
