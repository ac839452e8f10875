"""`make readme`: the table in docs/configuration.md, from the rows in bench/ask/settings/."""

from __future__ import annotations

import re
from pathlib import Path

from bench.ask.documented import documented
from bench.store import replace_file

PAGE = Path(__file__).parents[1] / "docs/configuration.md"


def main() -> None:
    """Write the table anew; tests/house/test_consistency.py holds that it is this one."""
    text = PAGE.read_text(encoding="utf-8")
    replace_file(PAGE, [re.sub(r"(?m)^\| setting \|.*\n(\|.*\n)+", lambda _: documented(), text)])


if __name__ == "__main__":
    main()
