"""What is said of an audit: found, none known, or not asked at all, which pip-audit calls success, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.audit import NoAnswerError, vulnerabilities

LOCK = Path("requirements.lock")


def test_what_is_known_is_told_with_what_mends_it() -> None:
    known = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    answer = {
        "dependencies": [
            {"name": "flask", "version": "1.0", "vulns": [known, {"id": "PYSEC-2", "fix_versions": []}]},
            {"name": "redis", "version": "8.1", "vulns": []},
        ]
    }

    assert list(vulnerabilities(answer, LOCK)) == [
        "requirements.lock: flask 1.0: PYSEC-1, mended in 2.0",
        "requirements.lock: flask 1.0: PYSEC-2, mended in no version yet",
    ]


def test_a_service_that_knows_nothing_of_a_distribution_has_not_answered() -> None:
    answer = {"dependencies": [{"name": "flask", "skip_reason": "not found on PyPI"}]}

    with pytest.raises(NoAnswerError, match="nothing of 1 of 1 distributions"):
        list(vulnerabilities(answer, LOCK))
