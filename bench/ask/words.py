"""Words that must be known ones, and which of those may have been meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from bench.model.errors import UsageError


def check_word(what: str, word: str, known: Collection[str], place: str = "") -> None:
    """Refuse a word that isn't known, and say where it stands and which may have been meant."""
    if word not in known:
        raise UsageError(
            f"{place}there is no {what} {word!r}{hint(word, known)}. Known are {', '.join(known)}."
        )


def hint(word: str, known: Iterable[str]) -> str:
    """The known word that may have been meant, in parentheses."""
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def client_option(client: str) -> str:
    """The option that asks for a client: a locust file brings its own."""
    return "--locustfile" if client == "locustfile" else f"--client {client}"
