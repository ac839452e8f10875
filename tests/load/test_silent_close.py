"""A server that closes each connection silently is told from one that says so, and from one that keeps."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from proof.planted.start import planted
from tests.load.test_driver import new_driver, target, trial

KINDS = {"silent-close": True, "announced-close": False, "length": False}


def test_a_silent_close_is_seen(tmp_path: Path) -> None:
    with ExitStack() as stack, new_driver(tmp_path) as driver:
        urls = {kind: stack.enter_context(planted(kind)) for kind in KINDS}
        driver.set_targets([target(kind, url) for kind, url in urls.items()], store=None)
        for _ in driver.block([trial(kind) for kind in KINDS]):
            pass
        found = {t.case.partition("/")[0]: t for t in driver.block([trial(kind) for kind in KINDS])}

    assert {kind: t.silent_close for kind, t in found.items()} == KINDS
    assert all(t.failed == 0 for t in found.values())
