"""What a row of the table of settings says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["word", "text", "names", "several", "lines", "whole", "number", "share", "flag"]
"""What a value is: one of the row's choices; any text; names with commas between; texts, each given by an
option of its own; the same where they may have commas; a whole number; a number; a part of the whole, as a
fraction or in percent; nothing, since the option says it all.
"""
LISTS: tuple[Kind, ...] = ("names", "several", "lines")
REPEATED: tuple[Kind, ...] = ("several", "lines")
"""Each value is given by an option of its own."""
Offered = Literal["servers", "apps", "scenarios", "versions", "directories", "files"]
"""What a shell offers for a value that isn't one of a few words."""


@dataclass(frozen=True)
class Setting:
    """One thing that a user can ask of a run.

    Attributes:
        name: its key in `bench.toml`; its option and its variable are called after it.
        help: what it is about, for `--help` and the documentation; without the full stop.
        more: whole sentences that only the documentation has.
        form: what a value may be, in the documentation's words; empty to say choices or limits.
        metavar: what `--help` calls a value; empty for click's own word.
        choices: of a word.
        lowest, highest: of a number, or of a share as a fraction.
        default: what holds if neither the user nor the profile says anything.
        otherwise: that in words, where `default` doesn't say it.
        profile: the field of `Profile` that it replaces, from which its default comes.
        offers: what a shell completes; choices are completed anyway.
        drops: settings that are void if they come from a lower place than this one.
        claims: whether it is void where the profile claims nothing.
        again: whether a run that is asked for again has it, too.
    """

    name: str
    kind: Kind
    help: str
    more: str = ""
    form: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    lowest: float = 1
    highest: float = 0
    default: Any = None
    otherwise: str = ""
    profile: str = ""
    offers: Offered | None = None
    drops: tuple[str, ...] = ()
    claims: bool = False
    again: bool = True
