"""Documents are read as source, too, and side by side: no line of prose has more than 120 characters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 120
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def prose(document: Path) -> Iterator[tuple[int, str]]:
    """Its lines with their numbers, but for what is generated, tables, and what is quoted."""
    quoted = generated = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("<!--"):
            generated = (generated or ":begin" in line) and ":end" not in line
        elif line.strip().startswith("```"):
            quoted = not quoted
        elif not (quoted or generated or line.startswith("|")):
            yield number, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_longer_than_a_screen(document: Path) -> None:
    assert [number for number, line in prose(document) if len(line) > MOST] == []
