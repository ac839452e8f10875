"""What the wrong answers of a trial were: their statuses, and a few words each.

The rows of a trial (`bench.load.records`) say in one number how each request ended. What came instead of a
right answer is noted here, beside them, so that right answers cost nothing more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Literal

from bench.catalogue.scenarios.learned import Answered, media_type, place
from bench.model.pages import size

UNASKED = "an answer that nobody had asked for, after the right one"
_MOST = 32
_CACHED = 1024
_BESIDES = {
    "body": ", another body",
    "excess": ", and more bytes after its end",
    "header": ", another header field",
    "json": ", another value in its JSON",
    "capture": ", without what is taken from it",
}


class WrongAnswers:
    """The wrong answers of one link, noted as they come."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int | None, str]] = []
        self._texts: dict[tuple[str, Answered], str] = {}
        self._told: defaultdict[str, set[str]] = defaultdict(set)

    def clear(self) -> None:
        """Forget what an earlier trial noted."""
        self._rows.clear()

    def note(self, due: int, done: int, fault: str, answered: Answered) -> None:
        """Note a wrong answer; `due` and `done` as its row has them."""
        text = self._texts.get((fault, answered))
        if text is None:
            if len(self._texts) >= _CACHED:
                self._texts.clear()
            text = self._texts[fault, answered] = self._told_apart(
                _in_words(fault, answered), _in_general(fault, answered)
            )
        self._rows.append((due, done, answered.status, text))

    def note_unread(self, due: int, done: int, why: str) -> None:
        """Note an answer that could not be read, so that it has no status, with the words for why."""
        self._rows.append((due, done, None, self._told_apart(why, "others that can't be read")))

    def note_words(self, due: int, done: int, words: str) -> None:
        """Note what somebody else has found wrong, in their words."""
        self._rows.append((due, done, None, self._told_apart(words, "others")))

    def counted(
        self, by: Literal["due", "done"], opened: int, closed: int
    ) -> tuple[Counter[str], Counter[str]]:
        """The numbers of those that were due, or done, within the window: by status, and by words."""
        statuses, words = Counter[str](), Counter[str]()
        for due, done, status, text in self._rows:
            if opened < (due if by == "due" else done) <= closed:
                if status is not None:
                    statuses[str(status)] += 1
                words[text] += 1
        return statuses, words

    def _told_apart(self, text: str, otherwise: str) -> str:
        """The words; the general ones once there are very many, as with a Location that differs each time."""
        told = self._told[otherwise]
        if text not in told and len(told) >= _MOST:
            return otherwise
        told.add(text)
        return text


def _in_words(fault: str, answered: Answered) -> str:
    status = str(answered.status)
    where = place(answered.location, "")
    if where is not None and fault in ("status", "location"):
        return f"{status} to {where}"
    if fault == "type":
        return f"{status}, {media_type(answered.content_type) or 'no type'}"
    if fault == "length":
        return f"{status}, {size(answered.size)}"
    return status + _BESIDES.get(fault, "")


def _in_general(fault: str, answered: Answered) -> str:
    """The words for a wrong answer whose like has been told in many ways already."""
    status = str(answered.status)
    if fault == "length":
        return f"{status}, of other lengths"
    if fault == "type":
        return f"{status}, of other types"
    if answered.location is not None and fault in ("status", "location"):
        return f"{status} to other places"
    return f"{status}, and others"
