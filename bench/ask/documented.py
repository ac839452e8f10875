"""A setting's row in words: for `--help`, and for the table in docs/configuration.md."""

from __future__ import annotations

from typing import Any

from bench.ask.settings import REPEATED, SETTINGS, Setting
from bench.plan.layout import PROFILES

_HEADER = f"| setting | value | by default ({' / '.join(PROFILES)}) | says |\n| --- | --- | --- | --- |\n"
_KINDS = {"names": "names", "text": "text", "several": "texts", "lines": "texts", "flag": "`true`"}


def usage(setting: Setting) -> str:
    """What `--help` says of a setting."""
    repeatable = "; repeatable" if setting.kind in REPEATED else ""
    if setting.choices:
        usual = _usual(setting)
        *others, last = [f"{word} (default)" if word == usual else word for word in setting.choices]
        return f"{', '.join(others)} or {last}: {setting.help}."
    default = setting.otherwise or ("" if setting.default is None else _value(setting.default))
    return f"{setting.help}{repeatable}{default and f'; by default {default}'}."


def documented() -> str:
    """The table in docs/configuration.md: a row for each setting."""
    return _HEADER + "".join(map(_row, SETTINGS.values()))


def _row(setting: Setting) -> str:
    says = f"{setting.help[0].upper()}{setting.help[1:]}. {setting.more}".rstrip()
    return f"| `{setting.name}` | {_form(setting)} | {_default(setting)} | {says} |\n"


def _form(setting: Setting) -> str:
    repeatable = ", several" if setting.kind in REPEATED else ""
    if setting.form or setting.kind in _KINDS:
        return (setting.form or _KINDS[setting.kind]) + repeatable
    if setting.choices:
        return ", ".join(f"`{word}`" for word in setting.choices)
    return f"{setting.lowest:,} to {setting.highest:,}"


def _default(setting: Setting) -> str:
    if setting.profile:
        values = [_value(getattr(profile, setting.profile)) for profile in PROFILES.values()]
        return " / ".join(values if len(set(values)) > 1 else values[:1])
    return setting.otherwise or ("" if setting.default is None else _value(setting.default))


def _usual(setting: Setting) -> Any:
    """The word that holds if neither it nor the profile is given."""
    if not setting.profile:
        return setting.default
    return getattr(PROFILES[SETTINGS["profile"].default], setting.profile)[0]


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return f"{value:,g}" if isinstance(value, float) else str(value)
