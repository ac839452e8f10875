"""What the user gave, and where: flags over environment variables over `bench.toml`, each as its type."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.ask.targets import FITTING
from bench.plan.layout import PROFILES

CONFIG_FILE = "bench.toml"
ENVIRONMENT_PREFIX = "WSGI_BENCH_"
# Connections are file descriptors, and containers have 4096 of them (docker-compose.yml, nofile).
LIMITS = {
    "users": 4_000,
    "rate": 1_000_000,
    "rounds": 10_000,
    "blocks": 100_000,
    "seed": 2**63,
    "processes": 64,
    "minutes": 10_000,
    # Histograms end there.
    "timeout": 60,
}
# A request in 100 seconds is a mistake in typing, not a load.
_LOWEST = {"rate": 0.01, "seed": 0, "minutes": 0.1}
_LISTS = frozenset({"servers", "scenarios", "target", "fail_if"})
_NUMBERS = {name: float if name in ("rate", "minutes", "timeout") else int for name in LIMITS}
NAMES = frozenset({"profile", "runtime", "app", "connection", "client", "out", "against", *_LISTS, *_NUMBERS})
# Of these a run has one or the other: what is given in a higher place drops the other from lower ones.
_EXCLUSIVE = {"servers": ("target",), "target": ("servers", "against", "fail_if"), "against": ("target",)}
_GATE = frozenset({"against", "fail_if"})
_CLAIMLESS = frozenset(profile.name for profile in PROFILES.values() if not profile.claims)


def merged(
    flags: Mapping[str, Any], root: Path, environment: Mapping[str, str], problems: list[str]
) -> dict[str, Any]:
    """The value of each setting that was given, from the highest place that has it.

    Args:
        flags: option name to value; None or empty where the option wasn't given.
        root: where `bench.toml` may be.
        problems: gets a sentence for each value that can't be used.
    """
    variables = {
        name: _typed(name, value, f"{ENVIRONMENT_PREFIX}{name.upper()}", problems)
        for name in sorted(NAMES)
        if (value := environment.get(ENVIRONMENT_PREFIX + name.upper()))
    }
    options = {
        name: _typed(name, value, f"--{name.replace('_', '-')}", problems)
        for name, value in flags.items()
        if value not in (None, "", ())
    }
    found: dict[str, Any] = {}
    for place in (_from_file(root / CONFIG_FILE, problems), variables, options):
        for name in place.keys() & _EXCLUSIVE.keys():
            for other in _EXCLUSIVE[name]:
                if other not in place:
                    found.pop(other, None)
        if "target" in place and "scenarios" not in place:
            found["scenarios"] = tuple(s for s in found.get("scenarios") or () if s in FITTING)
        if place.get("profile") in _CLAIMLESS:
            # No change is found by it, so an old version that is set for other runs isn't meant.
            for name in _GATE - place.keys():
                found.pop(name, None)
        found |= place
    return {name: value for name, value in found.items() if value is not None}


def hint(word: str, known: Any) -> str:
    """The known word that may have been meant, in parentheses."""
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(
            f"{path.name} can't be read: {error.strerror}. Make it a readable file, or remove it."
        )
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{path.name} is not valid TOML: {error}. Correct it, or remove it.")
        return {}
    found = {}
    for name, value in table.items():
        if name in NAMES:
            found[name] = _typed(name, value, f"{path.name}, {name}", problems)
        else:
            problems.append(f"{path.name}: there is no setting {name!r}{hint(name, NAMES)}.")
    return found


def _typed(name: str, value: Any, place: str, problems: list[str]) -> Any:
    """The value as its setting's type, or None with a problem noted."""
    if name in _LISTS:
        items = value.split(",") if isinstance(value, str) else value
        if isinstance(items, Sequence) and all(isinstance(item, str) for item in items):
            return tuple(part.strip() for item in items for part in item.split(",") if part.strip())
        problems.append(f"{place}: {value!r} is not a list of names. Write them with commas between.")
        return None
    if name in _NUMBERS:
        kind = _NUMBERS[name]
        number = _number(value, kind)
        lowest = _LOWEST.get(name, 1)
        if number is None or not lowest <= number <= LIMITS[name]:
            problems.append(
                f"{place}: {value!r} is not {'a whole number' if kind is int else 'a number'} "
                f"from {lowest} to {LIMITS[name]}."
            )
            return None
        return number
    if not isinstance(value, str):
        problems.append(f"{place}: {value!r} is not text.")
        return None
    return value


def _number(value: Any, kind: type[int] | type[float]) -> int | float | None:
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        return None
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return None
